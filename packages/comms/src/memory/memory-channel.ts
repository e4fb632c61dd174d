import { CommsError } from '../comms-error.ts';

type Frames = readonly Uint8Array[];

/** Messages a channel holds before `send` waits: few, so that a slow receiver is felt early and tests meet it, too. */
const CHANNEL_CAPACITY = 16;

interface WaitingSender {
  readonly frames: Frames;
  readonly resolve: () => void;
}

/** A bounded queue with one or more receivers, each of which takes one message at a time. */
export class MemoryChannel {
  readonly #queue: Frames[] = [];
  readonly #senders = new Set<WaitingSender>();
  readonly #receivers = new Set<(frames: Frames) => void>();

  /** Resolves when the message is queued; rejects when the sender's socket, `name`, is closed before. */
  async send(frames: Frames, closed: AbortSignal, name: string): Promise<void> {
    if (closed.aborted) throw closedError(name);
    const [receiver] = this.#receivers;
    if (receiver !== undefined) {
      this.#receivers.delete(receiver);
      receiver(frames);
      return;
    }
    if (this.#queue.length < CHANNEL_CAPACITY) {
      this.#queue.push(frames);
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sender = { frames, resolve };
    this.#senders.add(sender);
    await until(promise, closed, () => {
      this.#senders.delete(sender);
      reject(closedError(name));
    });
  }

  /** The next message; `undefined` when the receiver's socket is closed. */
  async take(closed: AbortSignal): Promise<Frames | undefined> {
    if (closed.aborted) return undefined;
    const frames = this.#queue.shift();
    if (frames !== undefined) {
      this.#refill();
      return frames;
    }
    const { promise, resolve } = Promise.withResolvers<Frames | undefined>();
    this.#receivers.add(resolve);
    return await until(promise, closed, () => {
      this.#receivers.delete(resolve);
      resolve(undefined);
    });
  }

  /** The place goes to whoever has waited longest, at once: a message sent after it must not come before it. */
  #refill(): void {
    const [sender] = this.#senders;
    if (sender === undefined) return;
    this.#senders.delete(sender);
    this.#queue.push(sender.frames);
    sender.resolve();
  }
}

const closedError = (name: string): CommsError => new CommsError('AIPERF_COMMS_CLOSED', `${name} is closed`);

/** Waits, and has the wait given up by `leave` when the signal comes first. */
async function until<T>(wait: Promise<T>, closed: AbortSignal, leave: () => void): Promise<T> {
  closed.addEventListener('abort', leave);
  try {
    return await wait;
  } finally {
    closed.removeEventListener('abort', leave);
  }
}
