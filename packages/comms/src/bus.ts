import { EMPTY, Observable, Subject } from 'rxjs';
import type { AddressPlan } from './address.ts';
import { decodeMessage, encodeJson } from './codec.ts';
import { CommsError, toError } from './comms-error.ts';
import { envelop, topicOf, type Target } from './message.ts';
import type { JoinBusOptions } from './network.ts';
import { ZmqPublisher, ZmqSubscriber } from './pub-sub.ts';
import type { Bus, Envelope } from './service.ts';

/** First wait before a probe is repeated; each later one is a fifth longer, up to the limit. */
const FIRST_PROBE_WAIT_MS = 2;
const LONGEST_PROBE_WAIT_MS = 100;

/** The bus with what the hosts and the controller need beyond {@link Bus}. */
export interface ConnectedBus<M extends object> extends Bus<M> {
  readonly serviceId: string;
  /** Publishes to one service or to the services of one type. */
  publishTo<T extends keyof M & string>(target: Target, type: T, body: M[T]): void;
  /** Messages of one type that are addressed to `target`; those to everybody are not among them. */
  messagesTo$<T extends keyof M & string>(target: Target, type: T): Observable<M[T] & Envelope>;
  /** Resolves when every subscription made before the call is live. */
  settle(): Promise<void>;
  /** Completes all streams and closes the sockets; messages already published still leave. */
  close(): void;
}

export interface BusOptions extends JoinBusOptions {
  readonly plan: AddressPlan;
}

/**
 * Joins the event bus. Resolves when a probe sent to itself has come back, that is when nothing that is published or subscribed to
 * from then on can be missed; rejects with `AIPERF_COMMS_TIMEOUT` when it does not come back in time.
 */
export async function connectBus<M extends object>(options: BusOptions): Promise<ConnectedBus<M>> {
  const bus = new ZmqBus<M>(options);
  try {
    await bus.settle();
  } catch (error) {
    bus.close();
    throw error;
  }
  return bus;
}

class ZmqBus<M extends object> implements ConnectedBus<M> {
  readonly serviceId: string;
  readonly #plan: AddressPlan;
  readonly #deadlineMs: number;
  readonly #onError: (error: Error) => void;
  readonly #publisher: ZmqPublisher;
  readonly #subscriber: ZmqSubscriber;
  readonly #topics = new Map<string, Subject<Envelope>>();
  readonly #closed = new AbortController();
  #probeCount = 0;

  constructor(options: BusOptions) {
    this.serviceId = options.serviceId;
    this.#plan = options.plan;
    this.#deadlineMs = options.deadlineMs ?? 30_000;
    this.#onError = options.onError ?? (() => {});
    this.#publisher = new ZmqPublisher({ connect: options.plan.connect.event_bus_proxy_frontend });
    this.#subscriber = new ZmqSubscriber({ connect: options.plan.connect.event_bus_proxy_backend });
    this.#subscriber.messages$.subscribe({
      next: (frames) => {
        this.#deliver(frames);
      },
      error: (error: unknown) => {
        this.#onError(toError(error));
      },
    });
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

  async settle(): Promise<void> {
    // A topic of its own for every probe: subscriptions reach the proxy in order, so the one made last proves those before it.
    const sequence = this.#probeCount;
    this.#probeCount += 1;
    const target = { serviceId: sequence === 0 ? this.serviceId : `${this.serviceId}.${sequence}` };
    await new Promise<void>((resolve, reject) => {
      let waitMs = FIRST_PROBE_WAIT_MS;
      let timer: NodeJS.Timeout | undefined;
      const finish = (error?: CommsError): void => {
        clearTimeout(timer);
        clearTimeout(deadline);
        this.#closed.signal.removeEventListener('abort', onClosed);
        subscription.unsubscribe();
        if (error === undefined) resolve();
        else reject(error);
      };
      const onClosed = (): void => {
        finish(new CommsError('AIPERF_COMMS_CLOSED', `${this.serviceId}: the bus was closed while connecting`));
      };
      const subscription = this.#topic$(topicOf('connection_probe', target)).subscribe(() => {
        finish();
      });
      const deadline = setTimeout(() => {
        finish(this.#unreachable());
      }, this.#deadlineMs);
      const probe = (): void => {
        this.#send('connection_probe', { sequence }, target);
        timer = setTimeout(probe, waitMs);
        waitMs = Math.min(waitMs * 1.2, LONGEST_PROBE_WAIT_MS);
      };
      this.#closed.signal.addEventListener('abort', onClosed);
      if (this.#closed.signal.aborted) onClosed();
      else probe();
    });
  }

  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#publisher.close();
    this.#subscriber.close();
    for (const subject of this.#topics.values()) subject.complete();
  }

  #send(type: string, body: object, target?: Target): void {
    this.#publisher.publish(topicOf(type, target), encodeJson(envelop(type, this.serviceId, body, target)), (error) => {
      this.#onError(toError(error));
    });
  }

  #topic$(topic: string): Observable<Envelope> {
    if (this.#closed.signal.aborted) return EMPTY;
    return new Observable((listener) => {
      const subject = this.#topics.get(topic) ?? new Subject<Envelope>();
      this.#topics.set(topic, subject);
      const unsubscribe = this.#subscriber.subscribe(topic);
      const subscription = subject.subscribe(listener);
      return () => {
        subscription.unsubscribe();
        unsubscribe();
        if (!subject.observed) this.#topics.delete(topic);
      };
    });
  }

  #deliver([topicFrame, body]: readonly Uint8Array[]): void {
    if (topicFrame === undefined || body === undefined) {
      this.#onError(new CommsError('AIPERF_COMMS_DECODE', 'A bus message has less than two frames'));
      return;
    }
    const subject = this.#topics.get(Buffer.from(topicFrame).toString());
    // A message that was on its way when the last listener left.
    if (subject === undefined) return;
    let message: Envelope;
    try {
      message = decodeMessage(body);
    } catch (error) {
      this.#onError(toError(error));
      return;
    }
    subject.next(message);
  }

  #unreachable(): CommsError {
    const { event_bus_proxy_frontend: front, event_bus_proxy_backend: back } = this.#plan.connect;
    return new CommsError(
      'AIPERF_COMMS_TIMEOUT',
      `${this.serviceId}: the event bus did not return a probe within ${this.#deadlineMs} ms (published to ${front}, subscribed to ${back})`,
    );
  }
}
