import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

/** The server's own stamps of one request, `CLOCK_MONOTONIC` in nanoseconds. */
export interface SendLogEntry {
  readonly requestId: string;
  /** The request's last byte had been read. */
  readonly receivedNs: number;
  /** Just before each write that carried tokens was handed to the socket. */
  readonly tokenWriteNs: readonly number[];
  readonly endNs: number;
  readonly outputTokens: number;
  readonly outcome: 'completed' | 'failed' | 'cut' | 'aborted';
}

const FLUSH_CHARS = 1 << 16;
/** Entries rendered in one turn of the event loop; of a long queue a share, so that it cannot grow without bound. */
const MIN_ENTRIES_PER_TURN = 2;
const QUEUE_SHARE = 64;

/**
 * Appends one JSON line a request. Streams that began together end together, and the next requests come at that moment: entries wait, and
 * are rendered a few a turn of the event loop, so that logging does not disturb the timing it records.
 */
export class SendLog {
  readonly #stream: WriteStream;
  #waiting: SendLogEntry[] = [];
  #nextIndex = 0;
  #immediate: NodeJS.Immediate | undefined;
  #text = '';

  constructor(path: string) {
    this.#stream = createWriteStream(path, { flags: 'wx' });
  }

  add(entry: SendLogEntry): void {
    this.#waiting.push(entry);
    this.#immediate ??= setImmediate(this.#renderSome);
  }

  async close(): Promise<void> {
    clearImmediate(this.#immediate);
    this.#render(this.#waiting.length);
    this.#flush();
    this.#stream.end();
    await once(this.#stream, 'close');
  }

  readonly #renderSome = (): void => {
    const leftCount = this.#waiting.length - this.#nextIndex;
    this.#render(this.#nextIndex + Math.max(MIN_ENTRIES_PER_TURN, Math.floor(leftCount / QUEUE_SHARE)));
    if (this.#text.length >= FLUSH_CHARS) this.#flush();
    if (this.#nextIndex < this.#waiting.length) {
      this.#immediate = setImmediate(this.#renderSome);
      return;
    }
    this.#waiting = [];
    this.#nextIndex = 0;
    this.#immediate = undefined;
  };

  /** Renders what waits before `endIndex`. */
  #render(endIndex: number): void {
    const end = Math.min(endIndex, this.#waiting.length);
    for (; this.#nextIndex < end; this.#nextIndex += 1) {
      this.#text += `${JSON.stringify(this.#waiting[this.#nextIndex])}\n`;
    }
  }

  #flush(): void {
    if (this.#text === '') return;
    this.#stream.write(this.#text);
    this.#text = '';
  }
}
