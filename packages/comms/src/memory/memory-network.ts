import { Subject } from 'rxjs';
import type { AddressName } from '../address.ts';
import type { ConnectedBus } from '../bus.ts';
import type { JoinBusOptions, Network, OpenSocketsOptions, OwnedDataSockets } from '../network.ts';
import { getOrCreate } from './get-or-create.ts';
import { MemoryBus, type MemoryBusMessage } from './memory-bus.ts';
import { MemoryChannel } from './memory-channel.ts';
import { MemoryRouter } from './memory-router.ts';
import { MemorySockets } from './memory-sockets.ts';

/** The network of a run whose services share a process: its sockets without sockets, and without anything to close but the services' own ends. */
export class MemoryNetwork implements Network {
  readonly #bus$ = new Subject<MemoryBusMessage>();
  readonly #channels = new Map<string, MemoryChannel>();
  readonly #routers = new Map<string, MemoryRouter>();

  connectBus<M extends object>({ serviceId }: JoinBusOptions): Promise<ConnectedBus<M>> {
    return Promise.resolve(this.bus<M>(serviceId));
  }

  /** The same without a wait. */
  bus<M extends object>(serviceId: string): ConnectedBus<M> {
    return new MemoryBus<M>(this.#bus$, serviceId);
  }

  openSockets({ serviceId, onError }: OpenSocketsOptions): OwnedDataSockets {
    return new MemorySockets(
      {
        channel: (address) => getOrCreate(this.#channels, channelName(address), () => new MemoryChannel()),
        router: (address) => getOrCreate(this.#routers, channelName(address), () => new MemoryRouter()),
      },
      serviceId,
      onError,
    );
  }
}

/** Both ends of a proxy are one channel here. */
const channelName = (address: AddressName): string => address.replace(/_proxy_(frontend|backend)$/, '');
