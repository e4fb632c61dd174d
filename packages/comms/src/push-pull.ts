import { Pull, Push } from 'zeromq';
import { attach, type Attachment } from './attach.ts';
import { CommsError, toError } from './comms-error.ts';
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

/** PULL that takes the next message only when the last one has been dealt with, so that a busy receiver gets no more work. */
export class ZmqPull implements PullSocket {
  readonly endpoint: string;
  readonly #socket: Pull;
  readonly #onError: (error: Error) => void;
  #isReceiving = false;

  /** `onError` gets what the handler throws; receiving then stops. */
  constructor(channel: Channel, attachment: Attachment, onError: (error: Error) => void) {
    this.#socket = new Pull(receiveOptions(channel));
    this.endpoint = attach(this.#socket, attachment);
    this.#onError = onError;
  }

  receive(handler: (frames: readonly Uint8Array[]) => void | Promise<void>): void {
    if (this.#isReceiving) {
      throw new CommsError('AIPERF_COMMS_SOCKET', `pull ${this.endpoint} already has a handler`);
    }
    this.#isReceiving = true;
    this.#loop(handler).catch((error: unknown) => {
      this.#onError(toError(error));
    });
  }

  close(): void {
    this.#socket.close();
  }

  async #loop(handler: (frames: readonly Uint8Array[]) => void | Promise<void>): Promise<void> {
    for (;;) {
      const frames = await receive(this.#socket);
      if (frames === undefined) return;
      await handler(frames);
    }
  }
}
