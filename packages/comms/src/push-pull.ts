import { Pull, Push } from 'zeromq';
import { attach, type Attachment } from './attach.ts';
import { receive } from './from-socket.ts';
import { SerialSender } from './serial-sender.ts';
import type { PullSocket, PushSocket } from './service.ts';
import { receiveOptions, sendOptions, type Channel } from './socket-options.ts';

/** PUSH with a bounded queue: `send` waits when every receiver's queue is full. */
export class ZmqPush implements PushSocket {
  readonly endpoint: string;
  readonly #socket: Push;
  readonly #sender: SerialSender;

  constructor(channel: Channel, attachment: Attachment) {
    this.#socket = new Push(sendOptions(channel));
    this.endpoint = attach(this.#socket, attachment);
    this.#sender = new SerialSender(this.#socket, `push ${this.endpoint}`);
  }

  send(frames: readonly Uint8Array[]): Promise<void> {
    return this.#sender.send(frames);
  }

  close(): void {
    this.#socket.close();
  }
}

/** PULL with a short queue: what it has not been asked for waits with the senders, or goes to another receiver. */
export class ZmqPull implements PullSocket {
  readonly endpoint: string;
  readonly #socket: Pull;
  #next: Promise<readonly Uint8Array[] | undefined> | undefined;

  constructor(channel: Channel, attachment: Attachment) {
    this.#socket = new Pull(receiveOptions(channel));
    this.endpoint = attach(this.#socket, attachment);
  }

  peek(): Promise<readonly Uint8Array[] | undefined> {
    this.#next ??= receive(this.#socket);
    return this.#next;
  }

  shift(): void {
    this.#next = undefined;
  }

  close(): void {
    this.#socket.close();
  }
}
