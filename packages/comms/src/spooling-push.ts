import { CommsError, errorText } from './comms-error.ts';
import type { SpoolingPushSocket } from './service.ts';
import { SpoolFile } from './spool-file.ts';

/** Where messages go. */
export interface SpoolTarget {
  send(frames: readonly Uint8Array[]): Promise<void>;
  close(): void;
}

export interface SpoolingPushOptions {
  /** Existing directory for the overflow. */
  readonly directory: string;
  /** Start of the overflow's file names; unique within the directory. */
  readonly name: string;
  /** Hears of a spool or a socket that failed; messages are lost then. */
  readonly onError: (error: Error) => void;
  /** Messages kept in memory before the disk is used. Default 1,024. */
  readonly maxMemoryMessages?: number;
  /** Bytes kept in memory before the disk is used. Default 32 MiB. */
  readonly maxMemoryBytes?: number;
  /** Size at which the next spool file begins. Default 64 MiB. */
  readonly segmentBytes?: number;
}

type Message = readonly Uint8Array[];

/**
 * Sends in order without ever making the poster wait.
 *
 * A message takes one of two ways, and all messages of a time take the same: while nothing is spooled and the memory bound is kept, it
 * is queued in memory; otherwise it goes to the end of the spool, and the memory queue is refilled from the spool's head only when it
 * is empty. So memory is always older than the spool, which is older than what waits to be written, and the order is kept. Beyond the
 * bound there is in memory only what the disk has not taken yet.
 *
 * Posted buffers belong to the socket and must not be changed afterwards.
 */
export class SpoolingPush implements SpoolingPushSocket {
  readonly #target: SpoolTarget;
  readonly #spool: SpoolFile;
  readonly #maxMemoryMessages: number;
  readonly #maxMemoryBytes: number;
  readonly #onError: (error: Error) => void;

  /** Oldest messages, next to be sent. */
  #memory: Message[] = [];
  #memoryBytes = 0;
  /** Newest messages, to be written to the spool. */
  #unwritten: Message[] = [];
  /** Messages in the spool, in `#unwritten`, or on their way from one to the other. */
  #spooledCount = 0;
  #pendingCount = 0;
  #writing: Promise<void> | undefined;
  #pumping: Promise<void> | undefined;
  #isClosed = false;
  #failure: CommsError | undefined;

  constructor(target: SpoolTarget, options: SpoolingPushOptions) {
    this.#target = target;
    this.#spool = new SpoolFile(options.directory, options.name, options.segmentBytes ?? 64 << 20);
    this.#maxMemoryMessages = options.maxMemoryMessages ?? 1_024;
    this.#maxMemoryBytes = options.maxMemoryBytes ?? 32 << 20;
    this.#onError = options.onError;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  post(frames: readonly Uint8Array[]): void {
    if (this.#isClosed) throw new CommsError('AIPERF_COMMS_CLOSED', 'A message was posted to a closed spooling socket');
    this.#pendingCount += 1;
    const bytes = lengthOf(frames);
    if (this.#spooledCount === 0 && this.#hasRoom(bytes)) {
      this.#memory.push(frames);
      this.#memoryBytes += bytes;
    } else {
      this.#spooledCount += 1;
      this.#unwritten.push(frames);
      this.#writing ??= this.#write();
    }
    this.#pumping ??= this.#pump();
  }

  async drain(): Promise<void> {
    // A post while waiting starts the pump again.
    while (this.#pumping !== undefined) await this.#pumping;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pendingCount > 0) {
      throw new CommsError('AIPERF_COMMS_CLOSED', `The socket was closed with ${this.#pendingCount} messages pending`);
    }
  }

  /** Gives up what is pending and removes the spool. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // Ends a send that waits for a receiver.
    this.#target.close();
    await this.#writing;
    await this.#pumping;
    await this.#spool.remove();
  }

  #hasRoom(bytes: number): boolean {
    const count = this.#memory.length;
    // A message longer than the bound still goes through an empty queue.
    if (count === 0) return true;
    return count < this.#maxMemoryMessages && this.#memoryBytes + bytes <= this.#maxMemoryBytes;
  }

  async #pump(): Promise<void> {
    try {
      while (!this.#isClosed && this.#pendingCount > 0) {
        if (this.#memory.length === 0) await this.#refill();
        else await this.#sendNext();
      }
      if (!this.#isClosed) await this.#spool.remove();
    } catch (error) {
      this.#fail(error);
    } finally {
      // A message posted during the last wait above found this pump still registered.
      this.#pumping = this.#pendingCount > 0 && !this.#isClosed ? this.#pump() : undefined;
    }
  }

  async #sendNext(): Promise<void> {
    const frames = this.#memory.shift();
    if (frames === undefined) return;
    this.#memoryBytes -= lengthOf(frames);
    await this.#target.send(frames);
    this.#pendingCount -= 1;
  }

  async #refill(): Promise<void> {
    const messages = await this.#spool.read();
    if (messages.length > 0) {
      this.#memory = messages;
      this.#memoryBytes = messages.reduce((sum, frames) => sum + lengthOf(frames), 0);
      this.#spooledCount -= messages.length;
      return;
    }
    // All that is left waits to be written.
    await this.#writing;
  }

  async #write(): Promise<void> {
    // Messages of one turn of the event loop are written together.
    await Promise.resolve();
    try {
      while (this.#unwritten.length > 0 && !this.#isClosed) {
        const messages = this.#unwritten;
        this.#unwritten = [];
        await this.#spool.append(messages);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = undefined;
    }
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#target.close();
    const message = `${this.#pendingCount} messages were lost: ${errorText(error)}`;
    this.#failure = new CommsError('AIPERF_COMMS_SPOOL', message, { cause: error });
    this.#onError(this.#failure);
  }
}

const lengthOf = (frames: Message): number => frames.reduce((sum, frame) => sum + frame.byteLength, 0);
