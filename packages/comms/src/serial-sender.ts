import { CommsError, errorText } from './comms-error.ts';

/** The sending half of a ZeroMQ socket: one send at a time, or it throws `EBUSY`. */
interface Sendable {
  readonly closed: boolean;
  send(frames: Uint8Array[]): Promise<void>;
}

/** Puts concurrent sends to one socket one after the other, in the order of the calls. */
export class SerialSender {
  readonly #socket: Sendable;
  readonly #name: string;
  #last: Promise<void> = Promise.resolve();
  #unfinished = 0;

  /** `name` says in errors which connection failed. */
  constructor(socket: Sendable, name: string) {
    this.#socket = socket;
    this.#name = name;
  }

  send(frames: readonly Uint8Array[]): Promise<void> {
    const sent = this.#unfinished === 0 ? this.#sendNow(frames) : this.#sendAfter(this.#last, frames);
    this.#unfinished += 1;
    this.#last = this.#finish(sent);
    return sent;
  }

  async #sendAfter(previous: Promise<void>, frames: readonly Uint8Array[]): Promise<void> {
    await previous;
    await this.#sendNow(frames);
  }

  async #finish(sent: Promise<void>): Promise<void> {
    try {
      await sent;
    } catch {
      // The caller of this send hears of it; the next one is tried all the same.
    } finally {
      this.#unfinished -= 1;
    }
  }

  async #sendNow(frames: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#socket.send([...frames]);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): CommsError {
    if (this.#socket.closed) {
      return new CommsError('AIPERF_COMMS_CLOSED', `${this.#name} is closed`, { cause: error });
    }
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'EHOSTUNREACH'
      ? new CommsError('AIPERF_COMMS_UNREACHABLE', `${this.#name}: no such peer is connected`, { cause: error })
      : new CommsError('AIPERF_COMMS_SOCKET', `${this.#name}: sending failed: ${errorText(error)}`, { cause: error });
  }
}
