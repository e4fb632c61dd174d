import { Message, MessageHeader, type Schema } from 'apache-arrow';
import { Footer } from 'apache-arrow/ipc/metadata/file';
import { fieldsOf } from '../encode/arrow-fields.ts';
import { encodeFooter as encodeFooterTable, MESSAGE_PREFIX_BYTES, type MessageBlock } from '../encode/message.ts';
import { RecordsError, causeText } from '../records-error.ts';

/** Every Arrow file begins and ends with these six bytes. */
const MAGIC: Uint8Array = new TextEncoder().encode('ARROW1');

/** Magic at the start, padded so that the first message is 8-aligned. What follows is a plain IPC stream. */
export const FILE_HEAD: Uint8Array = Uint8Array.from([...MAGIC, 0, 0]);

/** Footer length and magic at the very end of a finished file. */
export const TAIL_BYTES: number = 4 + MAGIC.byteLength;

/** No real message has more metadata than this; a larger number is not a length. */
const METADATA_LIMIT_BYTES = 256 * 1024 * 1024;

/** Where one record batch message lies in the file, and how many rows it has. */
export interface BatchBlock extends MessageBlock {
  readonly rowCount: number;
}

/** Length and kind of one message, read from its prefix and metadata. */
export interface MessageLayout {
  readonly kind: 'schema' | 'record_batch';
  readonly metadataBytes: number;
  readonly bodyBytes: number;
  /** Zero for a schema. */
  readonly rowCount: number;
  readonly message: Message;
}

/** What comes after the end of the stream: footer, its length, magic. */
export function encodeFooter(schema: Schema, blocks: readonly BatchBlock[]): Uint8Array {
  const footer = encodeFooterTable(fieldsOf(schema), schema.metadata, blocks);
  const bytes = new Uint8Array(footer.byteLength + TAIL_BYTES);
  bytes.set(footer);
  new DataView(bytes.buffer).setInt32(footer.byteLength, footer.byteLength, true);
  bytes.set(MAGIC, footer.byteLength + 4);
  return bytes;
}

/** Schema (with the metadata added at the end) and blocks of a footer; row counts are not in it. */
export function decodeFooter(footerBytes: Uint8Array): {
  schema: Schema;
  blocks: readonly MessageBlock[];
} {
  const footer = Footer.decode(footerBytes);
  if (footer.numDictionaries > 0) throw unsupportedDictionaries();
  const blocks = [...footer.recordBatches()].map((block) => ({
    offsetBytes: block.offset,
    metadataBytes: block.metaDataLength,
    bodyBytes: block.bodyLength,
  }));
  return { schema: footer.schema, blocks };
}

/** Whether a file that starts with these bytes is an Arrow file. */
export function hasFileHead(bytes: Uint8Array): boolean {
  return bytes.byteLength >= FILE_HEAD.byteLength && MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Length of the footer if the last bytes of a file are a length and the magic, else `undefined`. */
export function footerLengthFromTail(tail: Uint8Array): number | undefined {
  if (tail.byteLength !== TAIL_BYTES || !MAGIC.every((byte, i) => tail[4 + i] === byte)) return undefined;
  return new DataView(tail.buffer, tail.byteOffset, tail.byteLength).getInt32(0, true);
}

/**
 * Length of a message's prefix and metadata. `end_of_stream` at the marker; `undefined` where there is no message, as in the
 * zeros that a crashed file system may leave.
 */
export function metadataLength(prefix: Uint8Array): number | 'end_of_stream' | undefined {
  if (prefix.byteLength < MESSAGE_PREFIX_BYTES) return undefined;
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  if (view.getUint32(0, true) !== 0xffff_ffff) return undefined;
  const lengthBytes = view.getInt32(4, true);
  if (lengthBytes === 0) return 'end_of_stream';
  if (lengthBytes < 0 || lengthBytes > METADATA_LIMIT_BYTES || lengthBytes % 8 !== 0) return undefined;
  return MESSAGE_PREFIX_BYTES + lengthBytes;
}

/** Reads the metadata of a message; `bytes` begins at its prefix and holds at least prefix and metadata. */
export function readMessageLayout(bytes: Uint8Array): MessageLayout {
  const metadataBytes = metadataLength(bytes);
  if (typeof metadataBytes !== 'number' || bytes.byteLength < metadataBytes) {
    throw new RecordsError('AIPERF_RECORDS_BAD_BATCH', 'expected an encapsulated Arrow message, found other bytes');
  }
  let message: Message;
  try {
    message = Message.decode(bytes.subarray(MESSAGE_PREFIX_BYTES, metadataBytes));
  } catch (error) {
    throw new RecordsError(
      'AIPERF_RECORDS_BAD_BATCH',
      `the metadata of an Arrow message cannot be read: ${causeText(error)}`,
      error,
    );
  }
  const { headerType, bodyLength } = message;
  if (!Number.isSafeInteger(bodyLength) || bodyLength < 0 || bodyLength % 8 !== 0) {
    throw new RecordsError('AIPERF_RECORDS_BAD_BATCH', `an Arrow message says that its body has ${bodyLength} bytes`);
  }
  if (headerType === MessageHeader.Schema) {
    return { kind: 'schema', metadataBytes, bodyBytes: bodyLength, rowCount: 0, message };
  }
  if (headerType === MessageHeader.RecordBatch) {
    const batch = (message as Message<MessageHeader.RecordBatch>).header();
    return { kind: 'record_batch', metadataBytes, bodyBytes: bodyLength, rowCount: batch.length, message };
  }
  if (headerType === MessageHeader.DictionaryBatch) throw unsupportedDictionaries();
  throw new RecordsError(
    'AIPERF_RECORDS_BAD_BATCH',
    `expected an Arrow record batch, found a message of type ${headerType}`,
  );
}

function unsupportedDictionaries(): RecordsError {
  return new RecordsError('AIPERF_RECORDS_UNSUPPORTED_TYPE', 'dictionary-encoded columns are not written by aiperf');
}
