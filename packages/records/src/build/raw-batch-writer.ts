import type { RequestRecord } from '../request-record.ts';
import { encodeSchema, encodeStream } from '../encode/arrow-ipc.ts';
import { NumberColumns, RAW_BATCH_FIELDS, RAW_BATCH_FORMAT_VERSION } from '../raw-columns.ts';

type NumberValues = Float64Array | Uint32Array | Uint8Array;

/** Bytes of a row beside its body and reads, for {@link RawBatchWriter.byteLength}. */
const ROW_BYTES = 242;
const READ_BYTES = 12;
const INITIAL_ROWS = 256;
const INITIAL_READS = 4096;
const INITIAL_BODY_BYTES = 256 * 1024;
const INITIAL_TEXT_BYTES = 16 * 1024;
/** A buffer of bodies or of replies that one huge response made larger than this is not kept. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** A growing column of byte strings; entry `i` lies between `offsets[i]` and `offsets[i + 1]`. */
interface ByteColumn {
  offsets: Int32Array;
  bytes: Buffer;
}

/** A byte column of texts that mostly repeat: the last one is kept encoded. */
interface TextValues extends ByteColumn {
  lastText: string;
  lastBytes: Buffer;
}

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
  #numberValues: NumberValues[] = [];
  #numbers: NumberColumns = emptyColumns(INITIAL_ROWS, this.#numberValues);
  readonly #statusTexts: TextValues = textColumn();
  readonly #contentTypes: TextValues = textColumn();
  readonly #errorCodes: TextValues = textColumn();
  readonly #errorTypes: TextValues = textColumn();
  readonly #errorMessages: TextValues = textColumn();
  /** In the order of the schema. */
  readonly #texts: readonly TextValues[] = [
    this.#statusTexts,
    this.#contentTypes,
    this.#errorCodes,
    this.#errorTypes,
    this.#errorMessages,
  ];
  #readOffsets: Int32Array = new Int32Array(INITIAL_ROWS + 1);
  #readNs: Float64Array = new Float64Array(INITIAL_READS);
  #readLengths: Uint32Array = new Uint32Array(INITIAL_READS);
  /** For each row, its replies in `#replies`. */
  #replyOffsets: Int32Array = new Int32Array(INITIAL_ROWS + 1);
  readonly #replies: ByteColumn = byteColumn(0);
  readonly #bodies: ByteColumn = byteColumn(INITIAL_BODY_BYTES);

  constructor(workerId: string) {
    const metadata = new Map([
      ['worker_id', workerId],
      ['format_version', RAW_BATCH_FORMAT_VERSION],
    ]);
    this.#schemaMessage = encodeSchema(RAW_BATCH_FIELDS, metadata);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** About what {@link take} would return. */
  get byteLength(): number {
    const rowCount = this.#rowCount;
    const readBytes = (this.#readOffsets[rowCount] ?? 0) * READ_BYTES;
    const replyBytes = this.#replies.offsets[this.#replyOffsets[rowCount] ?? 0] ?? 0;
    return rowCount * ROW_BYTES + readBytes + replyBytes + (this.#bodies.offsets[rowCount] ?? 0);
  }

  append(record: RequestRecord): void {
    const row = this.#rowCount;
    if (row === this.#capacity) this.#growRows();
    const numbers = this.#numbers;
    const { timeline } = record;
    const { error } = timeline;
    numbers.creditId[row] = record.creditId;
    numbers.phaseIndex[row] = record.phaseIndex;
    numbers.sessionNumber[row] = record.sessionNumber;
    numbers.conversationIndex[row] = record.conversationIndex;
    numbers.turnIndex[row] = record.turnIndex;
    numbers.creditIssuedNs[row] = record.creditIssuedNs;
    numbers.dueNs[row] = record.dueNs;
    numbers.turnaroundNs[row] = record.turnaroundNs;
    numbers.cancelled[row] = record.cancelled ? 1 : 0;
    numbers.cancelAfterNs[row] = record.cancelAfterNs;
    numbers.inputTokens[row] = record.inputTokens;
    numbers.maxOutputTokens[row] = record.maxOutputTokens;
    numbers.queuedNs[row] = timeline.queuedNs;
    numbers.connectStartNs[row] = timeline.connectStartNs;
    numbers.dnsEndNs[row] = timeline.dnsEndNs;
    numbers.connectEndNs[row] = timeline.connectEndNs;
    numbers.startNs[row] = timeline.startNs;
    numbers.sendEndNs[row] = timeline.sendEndNs;
    numbers.headersNs[row] = timeline.headersNs;
    numbers.endNs[row] = timeline.endNs;
    numbers.status[row] = timeline.status;
    numbers.connectionReused[row] = timeline.connectionReused ? 1 : 0;
    numbers.resentCount[row] = timeline.resentCount;
    numbers.resendNs[row] = timeline.resendNs;
    numbers.requestBytes[row] = timeline.requestBytes;
    numbers.responseBytes[row] = timeline.responseBytes;
    numbers.responseReads[row] = timeline.responseReads;
    numbers.errorHttpStatus[row] = error?.httpStatus ?? Number.NaN;
    appendText(this.#statusTexts, row, timeline.statusText);
    appendText(this.#contentTypes, row, timeline.contentType);
    appendText(this.#errorCodes, row, error?.code ?? '');
    appendText(this.#errorTypes, row, error?.type ?? '');
    appendText(this.#errorMessages, row, error?.message ?? '');
    this.#appendReads(row, timeline.readNs, timeline.readLengths, timeline.readCount);
    this.#appendReplies(row, record.historyReplies);
    appendBytes(this.#bodies, row, timeline.body, timeline.bodyLength);
    this.#rowCount = row + 1;
  }

  /** The rows as an Arrow IPC stream in a buffer of its own; the writer is empty afterwards. */
  take(): Uint8Array {
    const rowCount = this.#rowCount;
    const lengths: number[] = [];
    const buffers: (ArrayBufferView | undefined)[] = [];
    const addColumn = (length: number, ...values: ArrayBufferView[]): void => {
      lengths.push(length);
      // No validity bitmap: there are no nulls.
      buffers.push(undefined, ...values);
    };
    for (const values of this.#numberValues) addColumn(rowCount, values.subarray(0, rowCount));
    for (const texts of this.#texts) addColumn(rowCount, ...validBuffers(texts, rowCount));
    const readCount = this.#readOffsets[rowCount] ?? 0;
    for (const values of [this.#readNs, this.#readLengths]) {
      addColumn(rowCount, this.#readOffsets.subarray(0, rowCount + 1));
      addColumn(readCount, values.subarray(0, readCount));
    }
    const replyCount = this.#replyOffsets[rowCount] ?? 0;
    addColumn(rowCount, this.#replyOffsets.subarray(0, rowCount + 1));
    addColumn(replyCount, ...validBuffers(this.#replies, replyCount));
    addColumn(rowCount, ...validBuffers(this.#bodies, rowCount));
    const stream = encodeStream(this.#schemaMessage, rowCount, lengths, buffers);
    this.#rowCount = 0;
    for (const column of [this.#bodies, this.#replies]) {
      if (column.bytes.length > MAX_KEPT_BYTES) column.bytes = Buffer.allocUnsafeSlow(INITIAL_BODY_BYTES);
    }
    return stream;
  }

  #appendReplies(row: number, replies: readonly string[]): void {
    let count = this.#replyOffsets[row] ?? 0;
    for (let i = 0; i < replies.length; i++) {
      if (count + 1 === this.#replies.offsets.length) {
        this.#replies.offsets = grown(this.#replies.offsets, new Int32Array(2 * count + INITIAL_ROWS));
      }
      const bytes = Buffer.from(replies[i] ?? '');
      appendBytes(this.#replies, count, bytes, bytes.length);
      count++;
    }
    this.#replyOffsets[row + 1] = count;
  }

  #appendReads(row: number, readNs: Float64Array, readLengths: Uint32Array, count: number): void {
    const start = this.#readOffsets[row] ?? 0;
    const end = start + count;
    if (end > this.#readNs.length) {
      const capacity = Math.max(end, this.#readNs.length * 2);
      this.#readNs = grown(this.#readNs, new Float64Array(capacity));
      this.#readLengths = grown(this.#readLengths, new Uint32Array(capacity));
    }
    for (let i = 0; i < count; i++) {
      this.#readNs[start + i] = readNs[i] ?? Number.NaN;
      this.#readLengths[start + i] = readLengths[i] ?? 0;
    }
    this.#readOffsets[row + 1] = end;
  }

  #growRows(): void {
    const capacity = this.#capacity * 2;
    const old = this.#numberValues;
    this.#numberValues = [];
    this.#numbers = emptyColumns(capacity, this.#numberValues);
    for (const [i, values] of this.#numberValues.entries()) values.set(old[i] ?? []);
    this.#readOffsets = grown(this.#readOffsets, new Int32Array(capacity + 1));
    this.#replyOffsets = grown(this.#replyOffsets, new Int32Array(capacity + 1));
    for (const column of [...this.#texts, this.#bodies])
      column.offsets = grown(column.offsets, new Int32Array(capacity + 1));
    this.#capacity = capacity;
  }
}

/** Columns without rows; they are added to `inOrder` in the order of the schema. */
function emptyColumns(capacity: number, inOrder: NumberValues[]): NumberColumns {
  const added = <T extends NumberValues>(values: T): T => {
    inOrder.push(values);
    return values;
  };
  return new NumberColumns({
    float64: () => added(new Float64Array(capacity)),
    uint32: () => added(new Uint32Array(capacity)),
    uint8: () => added(new Uint8Array(capacity)),
  });
}

function textColumn(): TextValues {
  return { ...byteColumn(INITIAL_TEXT_BYTES), lastText: '', lastBytes: Buffer.alloc(0) };
}

function byteColumn(initialBytes: number): ByteColumn {
  return { offsets: new Int32Array(INITIAL_ROWS + 1), bytes: Buffer.allocUnsafeSlow(initialBytes) };
}

function validBuffers(column: ByteColumn, rowCount: number): readonly [Int32Array, Buffer] {
  const offsets = column.offsets.subarray(0, rowCount + 1);
  return [offsets, column.bytes.subarray(0, offsets[rowCount] ?? 0)];
}

function appendText(values: TextValues, row: number, text: string): void {
  if (text !== values.lastText) {
    values.lastText = text;
    values.lastBytes = Buffer.from(text);
  }
  appendBytes(values, row, values.lastBytes, values.lastBytes.length);
}

function appendBytes(column: ByteColumn, row: number, bytes: Uint8Array, length: number): void {
  const start = column.offsets[row] ?? 0;
  const end = start + length;
  if (end > column.bytes.length) {
    column.bytes = grown(column.bytes, Buffer.allocUnsafeSlow(Math.max(end, column.bytes.length * 2)));
  }
  if (length > 0) column.bytes.set(bytes.length === length ? bytes : bytes.subarray(0, length), start);
  column.offsets[row + 1] = end;
}

function grown<T extends NumberValues | Int32Array>(values: T, larger: T): T {
  larger.set(values);
  return larger;
}
