import type { FileHandle } from 'node:fs/promises';
import { JsonBytes } from './json-bytes.ts';

/** Text is handed to the file in pieces of about this size. */
const PIECE_BYTES = 1 << 19;

/** JSON on its way to a file, through two buffers: one is filled while the other is written. */
export class JsonFile {
  readonly #handle: FileHandle;
  #filling: JsonBytes = new JsonBytes();
  #writing: JsonBytes = new JsonBytes();
  #written: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Where text goes; another one after each {@link flush}. */
  get out(): JsonBytes {
    return this.#filling;
  }

  /** Enough text for a piece: {@link flush} is due. */
  get isFull(): boolean {
    return this.#filling.length >= PIECE_BYTES;
  }

  /** Begins to write what is there; resolves when the piece before it is written. */
  async flush(): Promise<void> {
    await this.#written;
    [this.#filling, this.#writing] = [this.#writing, this.#filling];
    this.#filling.truncate(0);
    this.#written = this.#handle.writeFile(this.#writing.view);
    // Awaited before the next piece; until then a failure must not count as unhandled.
    this.#written.catch(() => undefined);
  }

  /** Resolves when everything is written. */
  async close(): Promise<void> {
    await this.flush();
    await this.#written;
  }
}
