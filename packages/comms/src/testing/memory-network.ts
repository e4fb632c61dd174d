import { Observable, ReplaySubject, Subject, filter, map } from 'rxjs';
import type { AddressName } from '../address.ts';
import { decodeMessage, encodeJson } from '../codec.ts';
import { CommsError, toError } from '../comms-error.ts';
import { envelop, topicOf } from '../message.ts';
import type {
  Bus,
  DataSockets,
  DealerSocket,
  Envelope,
  PullSocket,
  PushSocket,
  RouterMessage,
  RouterSocket,
  SpoolingPushSocket,
} from '../service.ts';

type Frames = readonly Uint8Array[];

/** Messages a memory channel holds before `send` waits: few, so that tests meet back-pressure early. */
const CHANNEL_CAPACITY = 16;

/** The run's sockets without sockets: what is sent on one context arrives on the others of the same network. */
export class MemoryNetwork {
  readonly bus$: Subject<{ readonly topic: string; readonly body: Uint8Array }> = new Subject();
  readonly #channels = new Map<string, MemoryChannel>();
  readonly #routers = new Map<string, MemoryRouter>();

  channel(address: AddressName): MemoryChannel {
    return getOrCreate(this.#channels, channelName(address), () => new MemoryChannel());
  }

  router(address: AddressName): MemoryRouter {
    return getOrCreate(this.#routers, channelName(address), () => new MemoryRouter());
  }
}

/** Both ends of a proxy are one channel here. */
const channelName = (address: AddressName): string => address.replace(/_proxy_(frontend|backend)$/, '');

function getOrCreate<V>(map: Map<string, V>, key: string, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const value = create();
  map.set(key, value);
  return value;
}

type Handler = (frames: Frames) => void | Promise<void>;

/** A bounded queue with one or more receivers, each of which takes one message at a time. */
class MemoryChannel {
  readonly #queue: Frames[] = [];
  readonly #waitingSenders: (() => void)[] = [];
  readonly #idleReceivers: ((frames: Frames) => void)[] = [];

  async send(frames: Frames): Promise<void> {
    const receiver = this.#idleReceivers.shift();
    if (receiver !== undefined) {
      receiver(frames);
      return;
    }
    while (this.#queue.length >= CHANNEL_CAPACITY) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waitingSenders.push(resolve);
      await promise;
    }
    this.#queue.push(frames);
  }

  async receiveAll(handler: Handler, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const frames = await this.#take(signal);
      if (frames === undefined) return;
      await handler(frames);
    }
  }

  #take(signal: AbortSignal): Promise<Frames | undefined> {
    const frames = this.#queue.shift();
    if (frames !== undefined) {
      this.#waitingSenders.shift()?.();
      return Promise.resolve(frames);
    }
    const { promise, resolve } = Promise.withResolvers<Frames | undefined>();
    this.#idleReceivers.push(resolve);
    signal.addEventListener('abort', () => {
      const index = this.#idleReceivers.indexOf(resolve);
      if (index !== -1) this.#idleReceivers.splice(index, 1);
      resolve(undefined);
    });
    return promise;
  }
}

/** One router and the dealers that talk to it. Messages wait until the other end listens. */
class MemoryRouter {
  readonly incoming$: ReplaySubject<RouterMessage> = new ReplaySubject();
  readonly #dealers = new Map<string, ReplaySubject<Frames>>();

  dealer$(name: string): ReplaySubject<Frames> {
    return getOrCreate(this.#dealers, name, () => new ReplaySubject<Frames>());
  }

  toDealer(name: string, frames: Frames): void {
    const dealer = this.#dealers.get(name);
    if (dealer === undefined) {
      throw new CommsError('AIPERF_COMMS_UNREACHABLE', `router: no peer ${name} is connected`);
    }
    dealer.next(frames);
  }

  removeDealer(name: string): void {
    this.#dealers.get(name)?.complete();
    this.#dealers.delete(name);
  }
}

/** Bus of one service. Messages take the way through the real encoding, so that what is not JSON shows. */
export function createMemoryBus<M extends object>(network: MemoryNetwork, serviceId: string): Bus<M> {
  return {
    publish: (type, body) => {
      const bytes = encodeJson(envelop(type, serviceId, body as object));
      // Never within the caller, as on a real bus.
      queueMicrotask(() => {
        network.bus$.next({ topic: topicOf(type), body: bytes });
      });
    },
    messages$: <T extends keyof M & string>(type: T): Observable<M[T] & Envelope> =>
      network.bus$.pipe(
        filter(({ topic }) => topic === topicOf(type)),
        map(({ body }) => decodeMessage(body) as unknown as M[T] & Envelope),
      ),
  };
}

/** Data sockets of one service; `close` ends what it receives. */
export class MemorySockets implements DataSockets {
  readonly #network: MemoryNetwork;
  readonly #serviceId: string;
  readonly #onError: (error: Error) => void;
  readonly #closed = new AbortController();
  readonly #dealerAddresses = new Set<AddressName>();

  constructor(network: MemoryNetwork, serviceId: string, onError: (error: Error) => void) {
    this.#network = network;
    this.#serviceId = serviceId;
    this.#onError = onError;
  }

  push(address: AddressName): PushSocket {
    const channel = this.#network.channel(address);
    return {
      send: async (frames) => {
        this.#assertOpen(`push ${address}`);
        await channel.send(copied(frames));
      },
    };
  }

  spoolingPush(address: AddressName): SpoolingPushSocket {
    return new MemorySpool(this.#network.channel(address), () => {
      this.#assertOpen(`spooling push ${address}`);
    });
  }

  pull(address: AddressName): PullSocket {
    const channel = this.#network.channel(address);
    return {
      receive: (handler) => {
        channel.receiveAll(handler, this.#closed.signal).catch((error: unknown) => {
          this.#onError(toError(error));
        });
      },
    };
  }

  router(address: AddressName): Promise<RouterSocket> {
    const router = this.#network.router(address);
    return Promise.resolve({
      messages$: this.#untilClosed(router.incoming$),
      send: async (to, frames) => {
        this.#assertOpen(`router ${address}`);
        await Promise.resolve();
        router.toDealer(to, copied(frames));
      },
    });
  }

  dealer(address: AddressName): DealerSocket {
    const router = this.#network.router(address);
    this.#dealerAddresses.add(address);
    return {
      messages$: this.#untilClosed(router.dealer$(this.#serviceId)),
      send: async (frames) => {
        this.#assertOpen(`dealer ${address}`);
        await Promise.resolve();
        router.incoming$.next({ from: this.#serviceId, frames: copied(frames) });
      },
    };
  }

  close(): void {
    this.#closed.abort();
    for (const address of this.#dealerAddresses) this.#network.router(address).removeDealer(this.#serviceId);
  }

  #assertOpen(name: string): void {
    if (this.#closed.signal.aborted) throw new CommsError('AIPERF_COMMS_CLOSED', `${name} is closed`);
  }

  #untilClosed<T>(source$: Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      const { signal } = this.#closed;
      const onClosed = (): void => {
        subscriber.complete();
      };
      if (signal.aborted) onClosed();
      signal.addEventListener('abort', onClosed);
      subscriber.add(() => {
        signal.removeEventListener('abort', onClosed);
      });
      subscriber.add(source$.subscribe(subscriber));
    });
  }
}

class MemorySpool implements SpoolingPushSocket {
  readonly #channel: MemoryChannel;
  readonly #assertOpen: () => void;
  #pendingCount = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(channel: MemoryChannel, assertOpen: () => void) {
    this.#channel = channel;
    this.#assertOpen = assertOpen;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  post(frames: Frames): void {
    this.#assertOpen();
    this.#pendingCount += 1;
    this.#last = this.#sendAfter(this.#last, copied(frames));
  }

  async drain(): Promise<void> {
    while (this.#pendingCount > 0) await this.#last;
  }

  async #sendAfter(previous: Promise<void>, frames: Frames): Promise<void> {
    await previous;
    await this.#channel.send(frames);
    this.#pendingCount -= 1;
  }
}

/** A receiver gets bytes of its own, as it does from a socket. */
const copied = (frames: Frames): Frames => frames.map((frame) => Uint8Array.from(frame));
