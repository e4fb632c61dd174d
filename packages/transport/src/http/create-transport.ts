import type { Transport } from '../transport.ts';

import { DirectTransport } from './direct-transport.ts';
import type { TransportOptions } from './transport-options.ts';
import { UndiciTransport } from './undici-transport.ts';

/** Makes the transport that `options.kind` names. Throws `HttpTransportError` for URLs and headers that cannot be spoken. */
export function createTransport(options: TransportOptions): Transport {
  switch (options.kind) {
    case 'undici':
      return new UndiciTransport(options);
    case 'auto':
    case 'direct':
      return new DirectTransport(options);
  }
}
