import type { FileHandle } from 'node:fs/promises';
import type { Schema } from 'apache-arrow';
import { RecordsError, causeText } from '../records-error.ts';
import type { ReadAt } from '../decode/column-batch.ts';
import { MESSAGE_PREFIX_BYTES } from '../encode/message.ts';
import {
  FILE_HEAD,
  TAIL_BYTES,
  decodeFooter,
  footerLengthFromTail,
  hasFileHead,
  metadataLength,
  readMessageLayout,
  type BatchBlock,
  type MessageLayout,
} from './ipc-format.ts';

/** What a file holds, whether or not it was finished. */
export interface FileContents {
  readonly schema: Schema;
  readonly blocks: readonly BatchBlock[];
  /** Whether there is a valid footer. */
  readonly isFinished: boolean;
  /** Where the last complete message ends. */
  readonly messagesEndBytes: number;
}

/** Reads exactly as many bytes as the target holds. */
export function positionalReader(handle: FileHandle, path: string): ReadAt {
  return async (target, positionBytes) => {
    let done = 0;
    while (done < target.byteLength) {
      const { bytesRead } = await handle.read(target, done, target.byteLength - done, positionBytes + done);
      if (bytesRead === 0) {
        throw new RecordsError(
          'AIPERF_RECORDS_CORRUPT_FILE',
          `${path} ends at byte ${positionBytes + done}, in the middle of a batch`,
        );
      }
      done += bytesRead;
    }
  };
}

/** Reads prefix and metadata of the message at a position. */
export async function readMessageAt(
  readAt: ReadAt,
  offsetBytes: number,
  metadataBytes: number,
): Promise<MessageLayout> {
  const bytes = new Uint8Array(metadataBytes);
  await readAt(bytes, offsetBytes);
  return readMessageLayout(bytes);
}

/** Schema and batches of an Arrow file: from the footer if it has one, else by walking from message to message. */
export async function readFileContents(readAt: ReadAt, fileBytes: number, path: string): Promise<FileContents> {
  const head = new Uint8Array(Math.min(fileBytes, FILE_HEAD.byteLength));
  await readAt(head, 0);
  if (!hasFileHead(head)) {
    const isBeginning = head.every((byte, i) => FILE_HEAD[i] === byte);
    if (isBeginning) throw noSchema(path);
    throw new RecordsError(
      'AIPERF_RECORDS_FOREIGN_FILE',
      `${path} is not an Arrow file: it does not begin with "ARROW1"`,
    );
  }
  return (await readFromFooter(readAt, fileBytes)) ?? (await readFromStream(readAt, fileBytes, path));
}

async function readFromFooter(readAt: ReadAt, fileBytes: number): Promise<FileContents | undefined> {
  if (fileBytes < FILE_HEAD.byteLength + TAIL_BYTES) return undefined;
  const tail = new Uint8Array(TAIL_BYTES);
  await readAt(tail, fileBytes - TAIL_BYTES);
  const footerBytes = footerLengthFromTail(tail);
  if (footerBytes === undefined || footerBytes <= 0 || footerBytes > fileBytes - TAIL_BYTES) return undefined;
  const footer = new Uint8Array(footerBytes);
  await readAt(footer, fileBytes - TAIL_BYTES - footerBytes);
  const blocks: BatchBlock[] = [];
  let messagesEndBytes = FILE_HEAD.byteLength;
  try {
    const decoded = decodeFooter(footer);
    for (const block of decoded.blocks) {
      const { rowCount } = await readMessageAt(readAt, block.offsetBytes, block.metadataBytes);
      blocks.push({ ...block, rowCount });
      messagesEndBytes = block.offsetBytes + block.metadataBytes + block.bodyBytes;
    }
    return { schema: decoded.schema, blocks, isFinished: true, messagesEndBytes };
  } catch (error) {
    if (error instanceof RecordsError && error.code === 'AIPERF_RECORDS_UNSUPPORTED_TYPE') throw error;
    // The last bytes only looked like a footer: the stream in front of them decides.
    return undefined;
  }
}

async function readFromStream(readAt: ReadAt, fileBytes: number, path: string): Promise<FileContents> {
  const first = await nextMessage(readAt, FILE_HEAD.byteLength, fileBytes);
  if (first === undefined) throw noSchema(path);
  if (first.kind !== 'schema') {
    throw new RecordsError(
      'AIPERF_RECORDS_NO_SCHEMA',
      `${path} has no schema in front of its batches, so it cannot be read without a footer`,
    );
  }
  const schema = first.message.header() as Schema;
  const blocks: BatchBlock[] = [];
  let offsetBytes = FILE_HEAD.byteLength + first.metadataBytes + first.bodyBytes;
  for (;;) {
    const next = await nextMessage(readAt, offsetBytes, fileBytes);
    if (next?.kind !== 'record_batch') break;
    const { metadataBytes, bodyBytes, rowCount } = next;
    blocks.push({ offsetBytes, metadataBytes, bodyBytes, rowCount });
    offsetBytes += metadataBytes + bodyBytes;
  }
  return { schema, blocks, isFinished: false, messagesEndBytes: offsetBytes };
}

/** The complete message at a position; `undefined` at the end of the stream or where the rest is cut or is no message. */
async function nextMessage(readAt: ReadAt, offsetBytes: number, fileBytes: number): Promise<MessageLayout | undefined> {
  if (offsetBytes + MESSAGE_PREFIX_BYTES > fileBytes) return undefined;
  const prefix = new Uint8Array(MESSAGE_PREFIX_BYTES);
  await readAt(prefix, offsetBytes);
  const metadataBytes = metadataLength(prefix);
  if (typeof metadataBytes !== 'number' || offsetBytes + metadataBytes > fileBytes) return undefined;
  let layout: MessageLayout;
  try {
    layout = await readMessageAt(readAt, offsetBytes, metadataBytes);
  } catch (error) {
    if (error instanceof RecordsError && error.code === 'AIPERF_RECORDS_BAD_BATCH') return undefined;
    throw error;
  }
  return offsetBytes + metadataBytes + layout.bodyBytes > fileBytes ? undefined : layout;
}

function noSchema(path: string): RecordsError {
  return new RecordsError(
    'AIPERF_RECORDS_NO_SCHEMA',
    `${path} ends before its schema was written: there is nothing to recover`,
  );
}

/** `open` failed: says which file and why. */
export function openError(path: string, error: unknown): RecordsError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'EEXIST') {
    return new RecordsError(
      'AIPERF_RECORDS_ALREADY_EXISTS',
      `${path} exists already; results are never overwritten`,
      error,
    );
  }
  return new RecordsError('AIPERF_RECORDS_NOT_WRITABLE', `cannot open ${path}: ${causeText(error)}`, error);
}
