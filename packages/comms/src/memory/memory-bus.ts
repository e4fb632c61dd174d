import { filter, map, type Observable, type Subject } from 'rxjs';
import type { ConnectedBus } from '../bus.ts';
import { decodeMessage, encodeJson } from '../codec.ts';
import { envelop, topicOf, type Target } from '../message.ts';
import type { Envelope } from '../service.ts';
import { untilStopped } from '../until-stopped.ts';

/** A message on its way. */
export interface MemoryBusMessage {
  readonly topic: string;
  readonly body: Uint8Array;
}

/** Bus of one service. Messages take the way through the real encoding, so that what is not JSON shows. */
export class MemoryBus<M extends object> implements ConnectedBus<M> {
  readonly serviceId: string;
  readonly #bus$: Subject<MemoryBusMessage>;
  readonly #closed = new AbortController();

  /** `bus$` is shared by all services of the network. */
  constructor(bus$: Subject<MemoryBusMessage>, serviceId: string) {
    this.#bus$ = bus$;
    this.serviceId = serviceId;
  }

  publish<T extends keyof M & string>(type: T, body: M[T]): void {
    this.#send(type, body as object);
  }

  publishTo<T extends keyof M & string>(target: Target, type: T, body: M[T]): void {
    this.#send(type, body as object, target);
  }

  messages$<T extends keyof M & string>(type: T): Observable<M[T] & Envelope> {
    return this.#topic$(topicOf(type)) as Observable<M[T] & Envelope>;
  }

  messagesTo$<T extends keyof M & string>(target: Target, type: T): Observable<M[T] & Envelope> {
    return this.#topic$(topicOf(type, target)) as Observable<M[T] & Envelope>;
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#closed.abort();
  }

  #send(type: string, body: object, target?: Target): void {
    if (this.#closed.signal.aborted) return;
    const message = { topic: topicOf(type, target), body: encodeJson(envelop(type, this.serviceId, body, target)) };
    // Never within the caller, as on a real bus; what was published before the bus was closed still leaves.
    queueMicrotask(() => {
      this.#bus$.next(message);
    });
  }

  #topic$(wanted: string): Observable<Envelope> {
    return this.#bus$.pipe(
      filter(({ topic }) => topic === wanted),
      map(({ body }) => decodeMessage(body)),
      untilStopped(this.#closed.signal),
    );
  }
}
