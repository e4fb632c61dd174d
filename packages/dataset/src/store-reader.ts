import assert from 'node:assert';
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { EncodedTurn, TurnTiming } from './conversation.ts';
import { DatasetError, messageOf } from './dataset-error.ts';
import {
  CONVERSATION_ENTRY_BYTES,
  DATA_FILE_NAME,
  DATA_HEADER_BYTES,
  DATA_MAGIC,
  INDEX_FILE_NAME,
  INDEX_HEADER_BYTES,
  INDEX_MAGIC,
  NO_MAX_OUTPUT_TOKENS,
  TURN_ENTRY_BYTES,
  WHOLE_HISTORY_FLAG,
  decodeIndexHeader,
  describeForeignHeader,
  readUint64,
} from './store-format.ts';
import type { IndexHeader } from './store-format.ts';

/** Bodies kept in memory by one reader unless told otherwise. */
const DEFAULT_BODY_CACHE_BYTES = 64 * 1024 * 1024;

/** Read-only view of a finished dataset store. The index is in memory; bodies are read when they are asked for. */
export interface DatasetStore extends Disposable {
  readonly conversationCount: number;
  /** Of conversation 0 … `conversationCount - 1`. */
  conversationId(conversationIndex: number): string;
  turnCount(conversationIndex: number): number;
  /** The body is shared between calls and must not be changed. */
  turn(conversationIndex: number, turnIndex: number): EncodedTurn;
  /** Of the same turn, without reading its body: for schedules, which need nothing else of it. */
  turnTiming(conversationIndex: number, turnIndex: number): TurnTiming;
  close(): void;
}

/** How a store is read. */
export interface DatasetStoreOptions {
  /** Memory for bodies; default 64 MiB. A dataset that fits is read from disk once. */
  readonly bodyCacheBytes?: number;
}

/** Opens the store that a writer finished in `directory`. */
export function openDatasetStore(directory: string, options: DatasetStoreOptions = {}): DatasetStore {
  return new FileStore(directory, options.bodyCacheBytes ?? DEFAULT_BODY_CACHE_BYTES);
}

class FileStore implements DatasetStore {
  readonly conversationCount: number;
  readonly #indexPath: string;
  readonly #index: Buffer;
  readonly #turnsOffset: number;
  readonly #idsOffset: number;
  readonly #idBytes: number;
  /** Number of turns before each conversation, and of all turns at the end. */
  readonly #firstTurns: Uint32Array;
  readonly #dataPath: string;
  readonly #dataBytes: number;
  readonly #dataFile: number;
  /**
   * By turn number. Filled until the bound is reached and then left as it is: replacing the least recently used would never hit when a
   * dataset larger than the cache is played in order.
   */
  readonly #cache: (EncodedTurn | undefined)[];
  #cacheRoomBytes: number;
  #closed = false;

  constructor(directory: string, bodyCacheBytes: number) {
    const indexPath = join(directory, INDEX_FILE_NAME);
    this.#indexPath = indexPath;
    const { index, header } = readIndex(indexPath);
    this.#index = index;
    this.conversationCount = header.conversationCount;
    this.#turnsOffset = INDEX_HEADER_BYTES + header.conversationCount * CONVERSATION_ENTRY_BYTES;
    this.#idsOffset = this.#turnsOffset + header.turnCount * TURN_ENTRY_BYTES;
    this.#idBytes = header.idBytes;
    this.#firstTurns = sumTurns(indexPath, index, header);
    this.#dataPath = join(directory, DATA_FILE_NAME);
    this.#dataBytes = header.dataBytes;
    this.#dataFile = openData(this.#dataPath, header.dataBytes);
    this.#cache = Array.from({ length: header.turnCount });
    this.#cacheRoomBytes = bodyCacheBytes;
  }

  conversationId(conversationIndex: number): string {
    const entry = this.#conversationEntry(conversationIndex);
    const begin = readUint64(this.#index, entry);
    const end = begin + this.#index.readUInt32LE(entry + 8);
    if (end > this.#idBytes)
      throw invalid(this.#indexPath, `the id of conversation ${conversationIndex} lies outside it`);
    return this.#index.toString('utf8', this.#idsOffset + begin, this.#idsOffset + end);
  }

  turnCount(conversationIndex: number): number {
    return this.#index.readUInt32LE(this.#conversationEntry(conversationIndex) + 12);
  }

  turn(conversationIndex: number, turnIndex: number): EncodedTurn {
    const turnNumber = this.#turnNumber(conversationIndex, turnIndex);
    return this.#cache[turnNumber] ?? this.#readTurn(turnNumber);
  }

  turnTiming(conversationIndex: number, turnIndex: number): TurnTiming {
    return this.#readTiming(this.#turnNumber(conversationIndex, turnIndex));
  }

  #turnNumber(conversationIndex: number, turnIndex: number): number {
    // Messages are built only when they are needed: this runs once a request.
    if (turnIndex < 0 || turnIndex >= this.turnCount(conversationIndex)) {
      assert.fail(`conversation ${conversationIndex} has no turn ${turnIndex}`);
    }
    return (this.#firstTurns[conversationIndex] ?? 0) + turnIndex;
  }

  #readTiming(turnNumber: number): TurnTiming {
    const entry = this.#turnsOffset + turnNumber * TURN_ENTRY_BYTES;
    return { delayNs: this.#index.readDoubleLE(entry + 24), timestampNs: this.#index.readDoubleLE(entry + 32) };
  }

  #readTurn(turnNumber: number): EncodedTurn {
    assert(!this.#closed, 'the dataset store is closed');
    const entry = this.#turnsOffset + turnNumber * TURN_ENTRY_BYTES;
    const maxOutputTokens = this.#index.readUInt32LE(entry + 16);
    const { delayNs, timestampNs } = this.#readTiming(turnNumber);
    const turn: EncodedTurn = {
      body: this.#readBody(readUint64(this.#index, entry), this.#index.readUInt32LE(entry + 8)),
      inputTokens: this.#index.readUInt32LE(entry + 12),
      ...(maxOutputTokens === NO_MAX_OUTPUT_TOKENS ? {} : { maxOutputTokens }),
      ...((this.#index.readUInt32LE(entry + 20) & WHOLE_HISTORY_FLAG) === 0 ? {} : { isWholeHistory: true }),
      ...(Number.isNaN(delayNs) ? {} : { delayNs }),
      ...(Number.isNaN(timestampNs) ? {} : { timestampNs }),
    };
    if (turn.body.length <= this.#cacheRoomBytes) {
      this.#cacheRoomBytes -= turn.body.length;
      this.#cache[turnNumber] = turn;
    }
    return turn;
  }

  #readBody(offset: number, byteLength: number): Uint8Array {
    const end = offset + byteLength;
    if (offset < DATA_HEADER_BYTES || end > this.#dataBytes) {
      throw invalid(
        this.#dataPath,
        `expected a body within ${this.#dataBytes} bytes, the index says ${offset} to ${end}`,
      );
    }
    const body = new Uint8Array(byteLength);
    let filled = 0;
    while (filled < byteLength) {
      const count = readSync(this.#dataFile, body, filled, byteLength - filled, offset + filled);
      if (count === 0)
        throw invalid(this.#dataPath, `expected ${this.#dataBytes} bytes, it ends at ${offset + filled}`);
      filled += count;
    }
    return body;
  }

  #conversationEntry(conversationIndex: number): number {
    if (conversationIndex < 0 || conversationIndex >= this.conversationCount) {
      assert.fail(`conversation ${conversationIndex} does not exist: the store has ${this.conversationCount}`);
    }
    return INDEX_HEADER_BYTES + conversationIndex * CONVERSATION_ENTRY_BYTES;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#dataFile);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function readIndex(path: string): { index: Buffer; header: IndexHeader } {
  const index = readWhole(path);
  const foreign = describeForeignHeader(index, INDEX_MAGIC);
  if (foreign !== undefined) throw invalid(path, foreign);
  if (index.length < INDEX_HEADER_BYTES) {
    throw invalid(path, `expected at least ${INDEX_HEADER_BYTES} bytes, found ${index.length}`);
  }
  const header = decodeIndexHeader(index);
  const expectedBytes =
    INDEX_HEADER_BYTES +
    header.conversationCount * CONVERSATION_ENTRY_BYTES +
    header.turnCount * TURN_ENTRY_BYTES +
    header.idBytes;
  if (index.length !== expectedBytes) throw invalid(path, `expected ${expectedBytes} bytes, found ${index.length}`);
  return { index, header };
}

function sumTurns(path: string, index: Buffer, header: IndexHeader): Uint32Array {
  const firstTurns = new Uint32Array(header.conversationCount + 1);
  let turns = 0;
  for (let conversation = 0; conversation < header.conversationCount; conversation += 1) {
    turns += index.readUInt32LE(INDEX_HEADER_BYTES + conversation * CONVERSATION_ENTRY_BYTES + 12);
    firstTurns[conversation + 1] = turns;
  }
  if (turns !== header.turnCount)
    throw invalid(path, `expected ${header.turnCount} turns, its conversations have ${turns}`);
  return firstTurns;
}

function openData(path: string, expectedBytes: number): number {
  const file = guardRead(path, () => openSync(path, 'r'));
  try {
    const header = Buffer.alloc(DATA_HEADER_BYTES);
    const headerBytes = guardRead(path, () => readSync(file, header, 0, DATA_HEADER_BYTES, 0));
    const foreign = describeForeignHeader(header.subarray(0, headerBytes), DATA_MAGIC);
    if (foreign !== undefined) throw invalid(path, foreign);
    const foundBytes = fstatSync(file).size;
    if (foundBytes !== expectedBytes) throw invalid(path, `expected ${expectedBytes} bytes, found ${foundBytes}`);
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function readWhole(path: string): Buffer {
  return guardRead(path, () => readFileSync(path));
}

function guardRead<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new DatasetError(
      'AIPERF_DATASET_STORE_INVALID',
      `cannot read the dataset store ${path}: ${messageOf(error)}; expected a file of a finished store`,
      { cause: error },
    );
  }
}

function invalid(path: string, reason: string): DatasetError {
  return new DatasetError(
    'AIPERF_DATASET_STORE_INVALID',
    `${path} is not a file of a finished dataset store: ${reason}`,
  );
}
