import type * as Arrow from 'apache-arrow';
import {
  NUMBER_COLUMNS,
  RAW_BATCH_FORMAT_VERSION,
  TEXT_COLUMNS,
  type ErrorFields,
  type RecordView,
} from './columns.ts';
import type { RequestRecord } from '../request-record.ts';
import { createTimeline } from '../timeline.ts';

/** Loads the Arrow library and makes a decoder of raw batches. */
export async function createRawBatchDecoder(): Promise<(bytes: Uint8Array) => RawBatchReader> {
  const arrow = await import('apache-arrow');
  return (bytes) => new RawBatchReader(bytes, arrow);
}

type Values = Float64Array | Uint32Array | Uint8Array;

/** Reads one raw batch without copying it: the bytes must stay unchanged while it is in use. */
export class RawBatchReader {
  readonly workerId: string;
  readonly rowCount: number;
  readonly #numbers: readonly Values[];
  readonly #texts: readonly TextReader[];
  readonly #readOffsets: Int32Array;
  readonly #readNs: Float64Array;
  readonly #readLengths: Uint32Array;
  readonly #bodyOffsets: Int32Array;
  readonly #body: Uint8Array;
  readonly #view: RecordView = createView();

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
    const textRows = rows.slice(NUMBER_COLUMNS.length, NUMBER_COLUMNS.length + TEXT_COLUMNS.length);
    const [readNs, readLengths, body] = rows.slice(NUMBER_COLUMNS.length + TEXT_COLUMNS.length);
    this.#numbers = rows.slice(0, NUMBER_COLUMNS.length).map((data) => data.values as Values);
    this.#texts = textRows.map((data) => new TextReader(data.valueOffsets as Int32Array, data.values as Uint8Array));
    this.#readOffsets = (readNs?.valueOffsets ?? new Int32Array(1)) as Int32Array;
    this.#readNs = (readNs?.children[0]?.values ?? new Float64Array(0)) as Float64Array;
    this.#readLengths = (readLengths?.children[0]?.values ?? new Uint32Array(0)) as Uint32Array;
    this.#bodyOffsets = (body?.valueOffsets ?? new Int32Array(1)) as Int32Array;
    this.#body = (body?.values ?? new Uint8Array(0)) as Uint8Array;
  }

  /** Row `row` as a record that the next call overwrites; its reads and body are views of the batch. */
  record(row: number): RequestRecord {
    if (!(row >= 0 && row < this.rowCount)) {
      throw new RangeError(`The batch has rows 0 to ${this.rowCount - 1}; asked for ${row}.`);
    }
    const view = this.#view;
    for (let i = 0; i < NUMBER_COLUMNS.length; i++)
      NUMBER_COLUMNS[i]?.write(view, this.#numbers[i]?.[row] ?? Number.NaN);
    for (let i = 0; i < TEXT_COLUMNS.length; i++) {
      TEXT_COLUMNS[i]?.write(view, this.#texts[i]?.text(row) ?? '');
    }
    const { timeline, errorFields } = view;
    timeline.error = errorFields.code === '' ? undefined : errorOf(errorFields, errorFields.code);
    const readStart = this.#readOffsets[row] ?? 0;
    const readEnd = this.#readOffsets[row + 1] ?? readStart;
    timeline.readCount = readEnd - readStart;
    timeline.readNs = this.#readNs.subarray(readStart, readEnd);
    timeline.readLengths = this.#readLengths.subarray(readStart, readEnd);
    const bodyStart = this.#bodyOffsets[row] ?? 0;
    timeline.bodyLength = (this.#bodyOffsets[row + 1] ?? bodyStart) - bodyStart;
    timeline.body = this.#body.subarray(bodyStart, bodyStart + timeline.bodyLength);
    return view;
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

function errorOf(fields: ErrorFields, code: Exclude<ErrorFields['code'], ''>): RequestRecord['timeline']['error'] {
  const { type, message, httpStatus } = fields;
  return { code, type, message, ...(Number.isNaN(httpStatus) ? {} : { httpStatus }) };
}

function createView(): RecordView {
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
    inputTokens: 0,
    maxOutputTokens: Number.NaN,
    timeline: createTimeline(),
    errorFields: { code: '', type: '', message: '', httpStatus: Number.NaN },
  };
}
