/**
 * The dataset store is two files in one directory, little-endian throughout.
 *
 * `conversations.data`: a header of 16 bytes (magic, u32 version, u32 zero), then the request bodies back to back.
 *
 * `conversations.index`, written last, so that a store without it is one whose writer did not finish:
 *
 *     header           48 bytes   magic (8), u32 version, u32 zero, u64 conversations, u64 turns, u64 bytes of ids,
 *                                 u64 length of the data file
 *     conversations    16 bytes each: u64 where its id begins in the ids, u32 bytes of the id, u32 number of turns
 *     turns            40 bytes each: u64 offset in the data file, u32 length, u32 input tokens, u32 maximum of output tokens
 *                                 or 0xffffffff for none, u32 flags (1: whole history), f64 delay in ns, f64
 *                                 recorded time in ns; NaN for none
 *     ids              UTF-8
 *
 * Turns are in the order of the conversations, so the first turn of one follows the last of the one before.
 */
export const DATA_FILE_NAME = 'conversations.data';
export const INDEX_FILE_NAME = 'conversations.index';

export const DATA_MAGIC = 'AIPFDATA';
export const INDEX_MAGIC = 'AIPFINDX';
const STORE_VERSION = 2;

export const DATA_HEADER_BYTES = 16;
export const INDEX_HEADER_BYTES = 48;
export const CONVERSATION_ENTRY_BYTES = 16;
export const TURN_ENTRY_BYTES = 40;

/** Flag of a turn: the body holds the whole history. */
export const WHOLE_HISTORY_FLAG = 1;

/** In place of a maximum of output tokens that was not asked for. */
export const NO_MAX_OUTPUT_TOKENS = 0xffffffff;

/** Counts from the index file's header. */
export interface IndexHeader {
  readonly conversationCount: number;
  readonly turnCount: number;
  readonly idBytes: number;
  readonly dataBytes: number;
}

/** First bytes of either file: magic and version. */
export function writeFileHeader(target: Buffer, magic: string): void {
  target.write(magic, 0, 'latin1');
  target.writeUInt32LE(STORE_VERSION, 8);
  target.writeUInt32LE(0, 12);
}

export function encodeIndexHeader(header: IndexHeader): Buffer {
  const bytes = Buffer.alloc(INDEX_HEADER_BYTES);
  writeFileHeader(bytes, INDEX_MAGIC);
  writeUint64(bytes, header.conversationCount, 16);
  writeUint64(bytes, header.turnCount, 24);
  writeUint64(bytes, header.idBytes, 32);
  writeUint64(bytes, header.dataBytes, 40);
  return bytes;
}

export function decodeIndexHeader(bytes: Buffer): IndexHeader {
  return {
    conversationCount: readUint64(bytes, 16),
    turnCount: readUint64(bytes, 24),
    idBytes: readUint64(bytes, 32),
    dataBytes: readUint64(bytes, 40),
  };
}

/** Why the first bytes are not those of a store's file, or `undefined` when they are. */
export function describeForeignHeader(bytes: Buffer, magic: string): string | undefined {
  if (bytes.length < DATA_HEADER_BYTES) return `expected at least ${DATA_HEADER_BYTES} bytes, found ${bytes.length}`;
  const found = bytes.toString('latin1', 0, 8);
  if (found !== magic) return `expected it to begin with ${JSON.stringify(magic)}, found ${JSON.stringify(found)}`;
  const version = bytes.readUInt32LE(8);
  if (version !== STORE_VERSION) return `expected store version ${STORE_VERSION}, found ${version}`;
  return undefined;
}

/** Exact up to 2^53; without the BigInt that `readBigUInt64LE` would make for each call. */
export function readUint64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset + 4) * 2 ** 32 + bytes.readUInt32LE(offset);
}

export function writeUint64(bytes: Buffer, value: number, offset: number): void {
  bytes.writeUInt32LE(value % 2 ** 32, offset);
  bytes.writeUInt32LE(Math.floor(value / 2 ** 32), offset + 4);
}
