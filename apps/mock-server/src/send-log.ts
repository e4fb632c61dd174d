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

/** Appends one JSON line a request; lines are gathered so that logging does not disturb the timing it records. */
export class SendLog {
  readonly #stream: WriteStream;
  #text = '';

  constructor(path: string) {
    this.#stream = createWriteStream(path, { flags: 'wx' });
  }

  add(entry: SendLogEntry): void {
    this.#text += `${JSON.stringify(entry)}\n`;
    if (this.#text.length >= FLUSH_CHARS) this.flush();
  }

  flush(): void {
    if (this.#text === '') return;
    this.#stream.write(this.#text);
    this.#text = '';
  }

  async close(): Promise<void> {
    this.flush();
    this.#stream.end();
    await once(this.#stream, 'close');
  }
}
