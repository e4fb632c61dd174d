import type * as Arrow from 'apache-arrow';
import { NUMBER_FIELDS, NumberColumns, RAW_BATCH_FORMAT_VERSION, TEXT_COLUMN_NAMES } from '../raw-columns.ts';
import type { RequestError, RequestErrorCode } from '../request-error.ts';
import type { RequestRecord } from '../request-record.ts';
import { createTimeline } from '../timeline.ts';
import type { Timeline } from '../timeline.ts';

/** Loads the Arrow library and makes a decoder of raw batches. */
export async function createRawBatchDecoder(): Promise<(bytes: Uint8Array) => RawBatchReader> {
  const arrow = await import('apache-arrow');
  return (bytes) => new RawBatchReader(bytes, arrow);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads of a row up to this many are copied, which is cheaper than a view of so few. */
const MAX_COPIED_READS = 64;

const NO_REPLIES: readonly string[] = [];

/** Reads one raw batch without copying it: the bytes must stay unchanged while it is in use. */
export class RawBatchReader {
  readonly workerId: string;
  readonly rowCount: number;
  readonly #numbers: NumberColumns;
  readonly #statusText: TextReader;
  readonly #contentType: TextReader;
  readonly #errorCode: TextReader;
  readonly #errorType: TextReader;
  readonly #errorMessage: TextReader;
  readonly #readOffsets: Int32Array;
  readonly #readNs: Float64Array;
  readonly #readLengths: Uint32Array;
  readonly #replyOffsets: Int32Array;
  readonly #replies: TextReader;
  readonly #bodyOffsets: Int32Array;
  readonly #body: Uint8Array;
  readonly #timeline: Timeline = createTimeline();
  readonly #view: Mutable<RequestRecord> = createView(this.#timeline);
  readonly #copiedReadNs = new Float64Array(MAX_COPIED_READS);
  readonly #copiedReadLengths = new Uint32Array(MAX_COPIED_READS);

  constructor(bytes: Uint8Array, arrow: typeof Arrow) {
    // Doubles are read in place, which needs the alignment that the stream has from its own first byte.
    const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
    const table = arrow.tableFromIPC(aligned);
    const metadata = table.schema.metadata;
    const version = metadata.get('format_version');
    const rows = table.batches[0]?.data.children ?? [];
    if (version !== RAW_BATCH_FORMAT_VERSION || table.batches.length > 1) {
      throw new TypeError(
        `A raw batch of format ${RAW_BATCH_FORMAT_VERSION} was expected; found format ${version ?? 'none'}, ${table.batches.length} batches.`,
      );
    }
    this.workerId = metadata.get('worker_id') ?? '';
    this.rowCount = table.numRows;
    let column = 0;
    const nextValues = (): unknown => rows[column++]?.values ?? [];
    const textsOf = (data: Arrow.Data | undefined): TextReader =>
      new TextReader(
        (data?.valueOffsets ?? new Int32Array(1)) as Int32Array,
        (data?.values ?? new Uint8Array(0)) as Uint8Array,
      );
    const nextTexts = (): TextReader => textsOf(rows[column++]);
    this.#numbers = new NumberColumns({
      float64: () => nextValues() as Float64Array,
      uint32: () => nextValues() as Uint32Array,
      uint8: () => nextValues() as Uint8Array,
    });
    this.#statusText = nextTexts();
    this.#contentType = nextTexts();
    this.#errorCode = nextTexts();
    this.#errorType = nextTexts();
    this.#errorMessage = nextTexts();
    const [readNs, readLengths, replies, body] = rows.slice(NUMBER_FIELDS.length + TEXT_COLUMN_NAMES.length);
    this.#readOffsets = (readNs?.valueOffsets ?? new Int32Array(1)) as Int32Array;
    this.#readNs = (readNs?.children[0]?.values ?? new Float64Array(0)) as Float64Array;
    this.#readLengths = (readLengths?.children[0]?.values ?? new Uint32Array(0)) as Uint32Array;
    this.#replyOffsets = (replies?.valueOffsets ?? new Int32Array(1)) as Int32Array;
    this.#replies = textsOf(replies?.children[0]);
    this.#bodyOffsets = (body?.valueOffsets ?? new Int32Array(1)) as Int32Array;
    this.#body = (body?.values ?? new Uint8Array(0)) as Uint8Array;
  }

  /** Row `row` as a record that the next call overwrites; its body is a view of the batch. */
  record(row: number): RequestRecord {
    if (!(row >= 0 && row < this.rowCount)) {
      throw new RangeError(`The batch has rows 0 to ${this.rowCount - 1}; asked for ${row}.`);
    }
    const view = this.#view;
    const timeline = this.#timeline;
    const numbers = this.#numbers;
    view.creditId = numbers.creditId[row] ?? Number.NaN;
    view.phaseIndex = numbers.phaseIndex[row] ?? Number.NaN;
    view.sessionNumber = numbers.sessionNumber[row] ?? Number.NaN;
    view.conversationIndex = numbers.conversationIndex[row] ?? Number.NaN;
    view.turnIndex = numbers.turnIndex[row] ?? Number.NaN;
    view.creditIssuedNs = numbers.creditIssuedNs[row] ?? Number.NaN;
    view.dueNs = numbers.dueNs[row] ?? Number.NaN;
    view.turnaroundNs = numbers.turnaroundNs[row] ?? Number.NaN;
    view.cancelled = numbers.cancelled[row] === 1;
    view.cancelAfterNs = numbers.cancelAfterNs[row] ?? Number.NaN;
    view.inputTokens = numbers.inputTokens[row] ?? Number.NaN;
    view.maxOutputTokens = numbers.maxOutputTokens[row] ?? Number.NaN;
    timeline.queuedNs = numbers.queuedNs[row] ?? Number.NaN;
    timeline.connectStartNs = numbers.connectStartNs[row] ?? Number.NaN;
    timeline.dnsEndNs = numbers.dnsEndNs[row] ?? Number.NaN;
    timeline.connectEndNs = numbers.connectEndNs[row] ?? Number.NaN;
    timeline.startNs = numbers.startNs[row] ?? Number.NaN;
    timeline.sendEndNs = numbers.sendEndNs[row] ?? Number.NaN;
    timeline.headersNs = numbers.headersNs[row] ?? Number.NaN;
    timeline.endNs = numbers.endNs[row] ?? Number.NaN;
    timeline.status = numbers.status[row] ?? Number.NaN;
    timeline.connectionReused = numbers.connectionReused[row] === 1;
    timeline.resentCount = numbers.resentCount[row] ?? Number.NaN;
    timeline.resendNs = numbers.resendNs[row] ?? Number.NaN;
    timeline.requestBytes = numbers.requestBytes[row] ?? Number.NaN;
    timeline.responseBytes = numbers.responseBytes[row] ?? Number.NaN;
    timeline.responseReads = numbers.responseReads[row] ?? Number.NaN;
    timeline.statusText = this.#statusText.text(row);
    timeline.contentType = this.#contentType.text(row);
    timeline.error = this.#errorOf(row);
    view.historyReplies = this.#repliesOf(row);
    this.#readReads(row);
    const bodyStart = this.#bodyOffsets[row] ?? 0;
    const bodyEnd = this.#bodyOffsets[row + 1] ?? bodyStart;
    timeline.bodyLength = bodyEnd - bodyStart;
    timeline.body = this.#body.subarray(bodyStart, bodyEnd);
    return view;
  }

  #readReads(row: number): void {
    const timeline = this.#timeline;
    const start = this.#readOffsets[row] ?? 0;
    const end = this.#readOffsets[row + 1] ?? start;
    const count = end - start;
    timeline.readCount = count;
    if (count > MAX_COPIED_READS) {
      timeline.readNs = this.#readNs.subarray(start, end);
      timeline.readLengths = this.#readLengths.subarray(start, end);
      return;
    }
    const readNs = this.#copiedReadNs;
    const readLengths = this.#copiedReadLengths;
    // Nothing of the row before may be taken for a row without reads.
    readNs[0] = Number.NaN;
    for (let i = 0; i < count; i++) {
      readNs[i] = this.#readNs[start + i] ?? Number.NaN;
      readLengths[i] = this.#readLengths[start + i] ?? 0;
    }
    timeline.readNs = readNs;
    timeline.readLengths = readLengths;
  }

  #repliesOf(row: number): readonly string[] {
    const start = this.#replyOffsets[row] ?? 0;
    const end = this.#replyOffsets[row + 1] ?? start;
    if (start === end) return NO_REPLIES;
    return Array.from({ length: end - start }, (_, i) => this.#replies.text(start + i));
  }

  #errorOf(row: number): RequestError | undefined {
    const code = this.#errorCode.text(row);
    if (code === '') return undefined;
    const httpStatus = this.#numbers.errorHttpStatus[row] ?? Number.NaN;
    return {
      code: code as RequestErrorCode,
      type: this.#errorType.text(row),
      message: this.#errorMessage.text(row),
      ...(Number.isNaN(httpStatus) ? {} : { httpStatus }),
    };
  }
}

/** Decodes a column of texts; a text equal to the row's before is not decoded again. */
class TextReader {
  readonly #offsets: Int32Array;
  readonly #bytes: Buffer;
  #lastStart = 0;
  #lastEnd = 0;
  #lastText = '';

  constructor(offsets: Int32Array, bytes: Uint8Array) {
    this.#offsets = offsets;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  text(row: number): string {
    const start = this.#offsets[row] ?? 0;
    const end = this.#offsets[row + 1] ?? start;
    if (start === end) return '';
    if (this.#bytes.compare(this.#bytes, this.#lastStart, this.#lastEnd, start, end) !== 0) {
      this.#lastText = this.#bytes.toString('utf8', start, end);
      this.#lastStart = start;
      this.#lastEnd = end;
    }
    return this.#lastText;
  }
}

function createView(timeline: Timeline): RequestRecord {
  return {
    creditId: 0,
    phaseIndex: 0,
    sessionNumber: 0,
    conversationIndex: 0,
    turnIndex: 0,
    creditIssuedNs: Number.NaN,
    dueNs: Number.NaN,
    turnaroundNs: Number.NaN,
    cancelled: false,
    cancelAfterNs: Number.NaN,
    inputTokens: 0,
    historyReplies: NO_REPLIES,
    maxOutputTokens: Number.NaN,
    timeline,
  };
}
