import type { Transport } from '../transport.ts';

import { DirectTransport } from './direct-transport.ts';
import type { TransportOptions } from './transport-options.ts';

/**
 * Makes the transport that `options.kind` names. Rejects with `HttpTransportError` for URLs and headers that cannot be spoken. undici, a
 * third of a worker's start, is loaded only where it is wanted.
 */
export async function createTransport(options: TransportOptions): Promise<Transport> {
  switch (options.kind) {
    case 'undici': {
      const { UndiciTransport } = await import('./undici-transport.ts');
      return new UndiciTransport(options);
    }
    case 'auto':
    case 'direct':
      return new DirectTransport(options);
  }
}
