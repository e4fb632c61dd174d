import type { Observable } from 'rxjs';
import type { AddressName } from '../address.ts';
import { CommsError } from '../comms-error.ts';
import type { OwnedDataSockets } from '../network.ts';
import type { DealerSocket, PullSocket, PushSocket, RouterSocket, SpoolingPushSocket } from '../service.ts';
import { SpoolingPush } from '../spooling-push.ts';
import { untilStopped } from '../until-stopped.ts';
import type { MemoryChannel } from './memory-channel.ts';
import type { MemoryRouter } from './memory-router.ts';

type Frames = readonly Uint8Array[];

/** What the sockets of one network share. */
export interface MemoryPlaces {
  channel(address: AddressName): MemoryChannel;
  router(address: AddressName): MemoryRouter;
}

/** Data sockets of one service. */
export class MemorySockets implements OwnedDataSockets {
  readonly #places: MemoryPlaces;
  readonly #serviceId: string;
  readonly #onError: (error: Error) => void;
  readonly #closed = new AbortController();
  readonly #dealerAddresses = new Set<AddressName>();
  readonly #pulls = new Map<AddressName, PullSocket>();
  readonly #spools = new Map<AddressName, SpoolingPush>();

  constructor(places: MemoryPlaces, serviceId: string, onError: (error: Error) => void) {
    this.#places = places;
    this.#serviceId = serviceId;
    this.#onError = onError;
  }

  push(address: AddressName): PushSocket {
    const channel = this.#places.channel(address);
    return { send: (frames) => channel.send(copied(frames), this.#closed.signal, `push ${address}`) };
  }

  spoolingPush(address: AddressName, directory: string): SpoolingPushSocket {
    const known = this.#spools.get(address);
    if (known !== undefined) return known;
    const channel = this.#places.channel(address);
    const closed = new AbortController();
    const target = {
      // What was posted belongs to the socket, so nothing needs to be copied.
      send: (frames: Frames) => channel.send(frames, closed.signal, `spooling push ${address}`),
      close: () => {
        closed.abort();
      },
    };
    const name = `${this.#serviceId}-${address}`;
    const spool = new SpoolingPush(target, { directory, name, onError: this.#onError });
    this.#spools.set(address, spool);
    return spool;
  }

  pull(address: AddressName): PullSocket {
    const channel = this.#places.channel(address);
    const known = this.#pulls.get(address);
    if (known !== undefined) return known;
    let next: Promise<Frames | undefined> | undefined;
    const pull: PullSocket = {
      peek: () => (next ??= channel.take(this.#closed.signal)),
      shift: () => {
        next = undefined;
      },
    };
    this.#pulls.set(address, pull);
    return pull;
  }

  router(address: AddressName): Promise<RouterSocket> {
    const router = this.#places.router(address);
    return Promise.resolve({
      messages$: this.#untilClosed(router.incoming.messages$),
      send: async (to, frames) => {
        this.#assertOpen(`router ${address}`);
        await Promise.resolve();
        router.toDealer(to, copied(frames));
      },
    });
  }

  dealer(address: AddressName): DealerSocket {
    const router = this.#places.router(address);
    this.#dealerAddresses.add(address);
    return {
      messages$: this.#untilClosed(router.dealer(this.#serviceId).messages$),
      send: async (frames) => {
        this.#assertOpen(`dealer ${address}`);
        await Promise.resolve();
        router.incoming.add({ from: this.#serviceId, frames: copied(frames) });
      },
    };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    for (const address of this.#dealerAddresses) this.#places.router(address).removeDealer(this.#serviceId);
    await Promise.all([...this.#spools.values()].map((spool) => spool.close()));
  }

  #assertOpen(name: string): void {
    if (this.#closed.signal.aborted) throw new CommsError('AIPERF_COMMS_CLOSED', `${name} is closed`);
  }

  #untilClosed<T>(source$: Observable<T>): Observable<T> {
    return source$.pipe(untilStopped(this.#closed.signal));
  }
}

/** A receiver gets bytes of its own, as it does from a socket. */
const copied = (frames: Frames): Frames => frames.map((frame) => new Uint8Array(frame));
