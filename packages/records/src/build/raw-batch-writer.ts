import { encodeBatch, encodeSchema, END_OF_STREAM, type BatchParts } from '../encode/message.ts';
import { RAW_BATCH_FIELDS, RAW_BATCH_FORMAT_VERSION, TEXT_COLUMN_NAMES } from '../raw-columns.ts';
import { NUMBER_NAMES } from '../request-columns.ts';
import type { RequestRecord } from '../request-record.ts';
import { BinaryWriter, Offsets, Utf8Writer } from './column-writers.ts';
import { grown } from './grown.ts';

const INITIAL_ROWS = 256;
const INITIAL_READS = 4096;
const INITIAL_BODY_BYTES = 256 * 1024;
const INITIAL_TEXT_BYTES = 16 * 1024;
/** A buffer of bodies or of replies that one huge response made larger than this is not kept. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** Bytes of a row beside its body, texts and reads: its numbers and its offsets. */
const ROW_BYTES = NUMBER_NAMES.length * 8 + (TEXT_COLUMN_NAMES.length + 4) * 4;
const READ_BYTES = 12;
/** A cache line between the columns of numbers: at a distance of a power of two the entries of one row would push each other out of the cache. */
const STRIDE_PADDING = 8;

/**
 * Gathers finished requests in columns and turns them into one Arrow IPC stream of one record batch. Appending copies the row's
 * numbers, its reads and its body; nothing of the record is kept.
 *
 * The stream is laid out here and not by the Arrow library: in a worker each of its batches would hold up the read stamps for a millisecond,
 * and loading it costs more than the rest of the worker's start.
 */
export class RawBatchWriter {
  readonly #schemaMessage: Uint8Array;
  #capacity = INITIAL_ROWS;
  #rowCount = 0;
  /** The columns of numbers one after the other, each `#stride` long. */
  #numbers: Float64Array = new Float64Array(0);
  #stride = 0;
  /** In the order of their names. */
  readonly #texts: readonly Utf8Writer[] = TEXT_COLUMN_NAMES.map(() => new Utf8Writer(INITIAL_TEXT_BYTES));
  readonly #readOffsets = new Offsets();
  #readNs: Float64Array = new Float64Array(INITIAL_READS);
  #readLengths: Uint32Array = new Uint32Array(INITIAL_READS);
  readonly #replyOffsets = new Offsets();
  readonly #replies = new Utf8Writer(0);
  #replyCount = 0;
  #replyCapacity = 0;
  readonly #bodies = new BinaryWriter(INITIAL_BODY_BYTES);

  constructor(workerId: string) {
    const metadata = new Map([
      ['worker_id', workerId],
      ['format_version', RAW_BATCH_FORMAT_VERSION],
    ]);
    this.#schemaMessage = encodeSchema(RAW_BATCH_FIELDS, metadata);
    this.#reserve(INITIAL_ROWS);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** About what {@link take} would return. */
  get byteLength(): number {
    const readBytes = this.#readOffsets.last * READ_BYTES;
    return this.#rowCount * ROW_BYTES + readBytes + this.#replies.byteCount + this.#bodies.byteCount;
  }

  append(record: RequestRecord): void {
    const row = this.#rowCount;
    if (row === this.#capacity) this.#reserve(row * 2);
    const { timeline, numbers, historyReplies } = record;
    const { error } = timeline;
    timeline.errorHttpStatus = error?.httpStatus ?? Number.NaN;
    const columns = this.#numbers;
    const stride = this.#stride;
    for (let i = 0, at = row; i < numbers.length; i++, at += stride) columns[at] = numbers[i] as number;
    const [statusTexts, contentTypes, errorCodes, errorTypes, errorMessages] = this.#texts;
    statusTexts?.set(row, timeline.statusText);
    contentTypes?.set(row, timeline.contentType);
    if (error !== undefined) {
      errorCodes?.set(row, error.code);
      errorTypes?.set(row, error.type);
      errorMessages?.set(row, error.message);
    }
    this.#appendReads(row, timeline.readNs, timeline.readLengths, timeline.readCount);
    if (historyReplies.length > 0) this.#appendReplies(row, historyReplies);
    this.#bodies.set(row, timeline.body, timeline.bodyLength);
    this.#rowCount = row + 1;
  }

  /** The rows as an Arrow IPC stream in a buffer of its own; the writer is empty afterwards. */
  take(): Uint8Array {
    const rowCount = this.#rowCount;
    const readCount = this.#readOffsets.last;
    const parts: BatchParts = { nodes: [], buffers: [] };
    const { nodes, buffers } = parts;
    for (const i of NUMBER_NAMES.keys()) {
      nodes.push(rowCount, 0);
      buffers.push(undefined, this.#numbers.subarray(i * this.#stride, i * this.#stride + rowCount));
    }
    for (const texts of this.#texts) texts.addTo(parts, rowCount);
    for (const values of [this.#readNs, this.#readLengths]) {
      nodes.push(rowCount, 0, readCount, 0);
      buffers.push(undefined, this.#readOffsets.view(rowCount), undefined, values.subarray(0, readCount));
    }
    nodes.push(rowCount, 0);
    buffers.push(undefined, this.#replyOffsets.view(rowCount));
    this.#replies.addTo(parts, this.#replyCount);
    this.#bodies.addTo(parts, rowCount);
    const stream = encodeBatch(rowCount, parts, this.#schemaMessage, END_OF_STREAM);
    for (const column of [...this.#texts, this.#readOffsets, this.#replyOffsets, this.#replies, this.#bodies])
      column.clear();
    for (const column of [this.#bodies, this.#replies]) column.shrink(MAX_KEPT_BYTES);
    this.#replyCount = 0;
    this.#rowCount = 0;
    return stream;
  }

  #appendReplies(row: number, replies: readonly string[]): void {
    const count = this.#replyCount + replies.length;
    if (count > this.#replyCapacity) {
      this.#replyCapacity = Math.max(count, 2 * this.#replyCapacity);
      this.#replies.reserve(this.#replyCapacity);
    }
    for (const [i, reply] of replies.entries()) this.#replies.set(this.#replyCount + i, reply);
    this.#replyCount = count;
    this.#replyOffsets.end(row, count);
  }

  #appendReads(row: number, readNs: Float64Array, readLengths: Uint32Array, count: number): void {
    const start = this.#readOffsets.last;
    const end = start + count;
    if (end > this.#readNs.length) {
      this.#readNs = grown(this.#readNs, end);
      this.#readLengths = grown(this.#readLengths, end);
    }
    for (let i = 0; i < count; i++) {
      this.#readNs[start + i] = readNs[i] ?? Number.NaN;
      this.#readLengths[start + i] = readLengths[i] ?? 0;
    }
    this.#readOffsets.end(row, end);
  }

  #reserve(rows: number): void {
    const stride = rows + STRIDE_PADDING;
    const numbers = new Float64Array(NUMBER_NAMES.length * stride);
    for (const i of NUMBER_NAMES.keys())
      numbers.set(this.#numbers.subarray(i * this.#stride, i * this.#stride + this.#rowCount), i * stride);
    this.#numbers = numbers;
    this.#stride = stride;
    for (const column of [...this.#texts, this.#readOffsets, this.#replyOffsets, this.#bodies]) column.reserve(rows);
    this.#capacity = rows;
  }
}
