import type { Observable } from 'rxjs';
import { Publisher, Subscriber } from 'zeromq';
import { attach, type Attachment } from './attach.ts';
import { fromSocket } from './from-socket.ts';
import { receiveOptions, sendOptions } from './socket-options.ts';

/** PUB: hands a message to ZeroMQ at once and never waits for a subscriber. */
export class ZmqPublisher {
  readonly endpoint: string;
  readonly #socket: Publisher;

  constructor(attachment: Attachment) {
    // A send time-out of 0 makes the addon send within the call, so that calls need no queue in front of the socket.
    this.#socket = new Publisher({ ...sendOptions('bus'), sendTimeout: 0 });
    this.endpoint = attach(this.#socket, attachment);
  }

  /** `onError` hears of a message that could not be sent; after closing there is none. */
  publish(topic: string, body: Uint8Array, onError: (error: unknown) => void): void {
    if (this.#socket.closed) return;
    this.#socket.send([topic, body]).catch(onError);
  }

  close(): void {
    this.#socket.close();
  }
}

/** SUB: one subscription a topic, however many listen, and none when nobody does. */
export class ZmqSubscriber {
  readonly endpoint: string;
  /** All messages as `[topic, body]`; to be subscribed to once. */
  readonly messages$: Observable<readonly Uint8Array[]>;
  readonly #socket: Subscriber;
  readonly #listenerCounts = new Map<string, number>();

  constructor(attachment: Attachment) {
    this.#socket = new Subscriber(receiveOptions('bus'));
    this.endpoint = attach(this.#socket, attachment);
    this.messages$ = fromSocket(this.#socket);
  }

  /** Adds a listener to a topic; the returned function takes it away. */
  subscribe(topic: string): () => void {
    const count = this.#listenerCounts.get(topic) ?? 0;
    if (count === 0 && !this.#socket.closed) this.#socket.subscribe(topic);
    this.#listenerCounts.set(topic, count + 1);
    return () => {
      const left = (this.#listenerCounts.get(topic) ?? 0) - 1;
      if (left > 0) {
        this.#listenerCounts.set(topic, left);
        return;
      }
      this.#listenerCounts.delete(topic);
      if (!this.#socket.closed) this.#socket.unsubscribe(topic);
    };
  }

  close(): void {
    this.#socket.close();
  }
}
