import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedConversation, EncodedTurn } from './conversation.ts';
import { DatasetError, messageOf } from './dataset-error.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import {
  CONVERSATION_ENTRY_BYTES,
  DATA_FILE_NAME,
  DATA_HEADER_BYTES,
  DATA_MAGIC,
  INDEX_FILE_NAME,
  NO_MAX_OUTPUT_TOKENS,
  TURN_ENTRY_BYTES,
  WHOLE_HISTORY_FLAG,
  encodeIndexHeader,
  writeFileHeader,
  writeUint64,
} from './store-format.ts';

/** Bodies are collected up to this size before they are written. */
const WRITE_BUFFER_BYTES = 1024 * 1024;

/**
 * Writes a dataset store, conversation by conversation. Bodies go to disk as they come; in memory stay about 60 bytes a turn and the id of
 * each conversation, until {@link finish} writes the index. A store that was not finished cannot be opened.
 */
export interface DatasetStoreWriter extends Disposable {
  add(conversation: EncodedConversation): void;
  /** Writes what is left and the index, and closes the files. */
  finish(): void;
}

/** Begins a store in `directory`, which is made when it is missing; an older store there is replaced. */
export function createDatasetStoreWriter(directory: string): DatasetStoreWriter {
  return new FileStoreWriter(directory);
}

class FileStoreWriter implements DatasetStoreWriter {
  readonly #directory: string;
  readonly #dataPath: string;
  readonly #ids = new GrowingBuffer();
  readonly #conversations = new GrowingBuffer();
  readonly #turns = new GrowingBuffer();
  #dataFile: number | undefined;
  #buffer = Buffer.allocUnsafe(WRITE_BUFFER_BYTES);
  #bufferedBytes = 0;
  #dataBytes = 0;

  constructor(directory: string) {
    this.#directory = directory;
    this.#dataPath = join(directory, DATA_FILE_NAME);
    this.#dataFile = guardWrite(this.#dataPath, () => {
      mkdirSync(directory, { recursive: true });
      rmSync(join(directory, INDEX_FILE_NAME), { force: true });
      return openSync(this.#dataPath, 'w', 0o600);
    });
    const header = Buffer.alloc(DATA_HEADER_BYTES);
    writeFileHeader(header, DATA_MAGIC);
    this.#write(header);
  }

  add(conversation: EncodedConversation): void {
    const idBytes = Buffer.byteLength(conversation.id);
    const entry = this.#conversations.append(CONVERSATION_ENTRY_BYTES);
    writeUint64(entry, this.#ids.length, 0);
    entry.writeUInt32LE(idBytes, 8);
    entry.writeUInt32LE(conversation.turns.length, 12);
    this.#ids.append(idBytes).write(conversation.id);
    for (const turn of conversation.turns) this.#addTurn(turn);
  }

  #addTurn(turn: EncodedTurn): void {
    const entry = this.#turns.append(TURN_ENTRY_BYTES);
    writeUint64(entry, this.#dataBytes, 0);
    entry.writeUInt32LE(turn.body.length, 8);
    entry.writeUInt32LE(turn.inputTokens, 12);
    entry.writeUInt32LE(turn.maxOutputTokens ?? NO_MAX_OUTPUT_TOKENS, 16);
    entry.writeUInt32LE(turn.isWholeHistory === true ? WHOLE_HISTORY_FLAG : 0, 20);
    entry.writeDoubleLE(turn.delayNs ?? Number.NaN, 24);
    entry.writeDoubleLE(turn.timestampNs ?? Number.NaN, 32);
    this.#write(turn.body);
  }

  #write(bytes: Uint8Array): void {
    this.#dataBytes += bytes.length;
    if (this.#bufferedBytes + bytes.length > this.#buffer.length) this.#flush();
    if (bytes.length > this.#buffer.length) {
      this.#writeThrough(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#bufferedBytes);
    this.#bufferedBytes += bytes.length;
  }

  #flush(): void {
    this.#writeThrough(this.#buffer.subarray(0, this.#bufferedBytes));
    this.#bufferedBytes = 0;
  }

  #writeThrough(bytes: Uint8Array): void {
    const file = this.#dataFile;
    if (file === undefined) {
      throw new DatasetError('AIPERF_DATASET_STORE_WRITE', `${this.#dataPath}: the store is already finished`);
    }
    guardWrite(this.#dataPath, () => writeFully(file, bytes));
  }

  finish(): void {
    this.#flush();
    this.#closeData();
    const path = join(this.#directory, INDEX_FILE_NAME);
    const unfinishedPath = `${path}.part`;
    guardWrite(path, () => {
      const file = openSync(unfinishedPath, 'w', 0o600);
      try {
        writeFully(
          file,
          encodeIndexHeader({
            conversationCount: this.#conversations.length / CONVERSATION_ENTRY_BYTES,
            turnCount: this.#turns.length / TURN_ENTRY_BYTES,
            idBytes: this.#ids.length,
            dataBytes: this.#dataBytes,
          }),
        );
        for (const part of [this.#conversations, this.#turns, this.#ids]) writeFully(file, part.written());
      } finally {
        closeSync(file);
      }
      renameSync(unfinishedPath, path);
    });
  }

  #closeData(): void {
    if (this.#dataFile === undefined) return;
    closeSync(this.#dataFile);
    this.#dataFile = undefined;
  }

  [Symbol.dispose](): void {
    this.#closeData();
  }
}

/** `writeSync` may write less than it was given. */
function writeFully(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}

function guardWrite<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new DatasetError(
      'AIPERF_DATASET_STORE_WRITE',
      `cannot write the dataset store ${path}: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  }
}
