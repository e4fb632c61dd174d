import type { Schema } from 'apache-arrow';
import { readMessageLayout } from '../file/ipc-format.ts';
import { RAW_BATCH_FORMAT_VERSION } from '../raw-columns.ts';
import { NUMBER_NAMES } from '../request-columns.ts';
import type { RequestError, RequestErrorCode } from '../request-error.ts';
import { NO_REPLIES, RequestRecord } from '../request-record.ts';
import { loadColumns } from './column-batch.ts';
import { columnLayouts } from './column-layout.ts';
import type { BufferBytes } from './column-values.ts';

/** Reads of a row up to this many are copied, which is cheaper than a view of so few. */
const MAX_COPIED_READS = 64;

/** Reads one raw batch without copying it: the bytes must stay unchanged while it is in use. */
export class RawBatchReader {
  readonly workerId: string;
  readonly rowCount: number;
  readonly #numbers: readonly Float64Array[];
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
  readonly #view = new RequestRecord();
  readonly #copiedReadNs = new Float64Array(MAX_COPIED_READS);
  readonly #copiedReadLengths = new Uint32Array(MAX_COPIED_READS);

  constructor(bytes: Uint8Array) {
    // Doubles are read in place, which needs the alignment that the stream has from its own first byte.
    const stream = bytes.byteOffset % 8 === 0 ? (bytes as BufferBytes) : bytes.slice();
    const head = readMessageLayout(stream);
    const schema = head.message.header() as Schema;
    const version = head.kind === 'schema' ? schema.metadata.get('format_version') : undefined;
    if (version !== RAW_BATCH_FORMAT_VERSION) {
      throw new TypeError(
        `A raw batch of format ${RAW_BATCH_FORMAT_VERSION} was expected; found format ${version ?? 'none'}.`,
      );
    }
    const { message, metadataBytes, rowCount } = readMessageLayout(stream.subarray(head.metadataBytes));
    const body = stream.subarray(head.metadataBytes + metadataBytes);
    const columns = loadColumns(message, [...columnLayouts(schema).values()], (offset, length) =>
      body.subarray(offset, offset + length),
    );
    const bufferOf = (name: string, index: number): BufferBytes =>
      columns.get(name)?.buffers[index] ?? new Uint8Array();
    const doublesOf = (name: string, index: number): Float64Array => {
      const { buffer, byteOffset, byteLength } = bufferOf(name, index);
      return new Float64Array(buffer, byteOffset, byteLength / 8);
    };
    const offsetsOf = (name: string, index = 1): Int32Array => {
      const { buffer, byteOffset, byteLength } = bufferOf(name, index);
      return new Int32Array(buffer, byteOffset, byteLength / 4);
    };
    const textsOf = (name: string): TextReader => new TextReader(offsetsOf(name), bufferOf(name, 2));
    const lengths = bufferOf('read_lengths', 3);
    this.workerId = schema.metadata.get('worker_id') ?? '';
    this.rowCount = rowCount;
    this.#numbers = NUMBER_NAMES.map((name) => doublesOf(name, 1));
    this.#statusText = textsOf('status_text');
    this.#contentType = textsOf('content_type');
    this.#errorCode = textsOf('error_code');
    this.#errorType = textsOf('error_type');
    this.#errorMessage = textsOf('error_message');
    this.#readOffsets = offsetsOf('read_ns');
    this.#readNs = doublesOf('read_ns', 3);
    this.#readLengths = new Uint32Array(lengths.buffer, lengths.byteOffset, lengths.byteLength / 4);
    this.#replyOffsets = offsetsOf('history_replies');
    this.#replies = new TextReader(offsetsOf('history_replies', 3), bufferOf('history_replies', 4));
    this.#bodyOffsets = offsetsOf('body');
    this.#body = bufferOf('body', 2);
  }

  /** Row `row` as a record that the next call overwrites; its body is a view of the batch. */
  record(row: number): RequestRecord {
    if (!(row >= 0 && row < this.rowCount)) {
      throw new RangeError(`The batch has rows 0 to ${this.rowCount - 1}; asked for ${row}.`);
    }
    const view = this.#view;
    const { timeline, numbers } = view;
    const columns = this.#numbers;
    for (let i = 0; i < columns.length; i++) numbers[i] = (columns[i] as Float64Array)[row] as number;
    timeline.statusText = this.#statusText.text(row);
    timeline.contentType = this.#contentType.text(row);
    timeline.error = this.#errorOf(row, timeline.errorHttpStatus);
    view.historyReplies = this.#repliesOf(row);
    this.#readReads(row);
    const bodyStart = this.#bodyOffsets[row] ?? 0;
    const bodyEnd = this.#bodyOffsets[row + 1] ?? bodyStart;
    timeline.bodyLength = bodyEnd - bodyStart;
    timeline.body = this.#body.subarray(bodyStart, bodyEnd);
    return view;
  }

  #readReads(row: number): void {
    const { timeline } = this.#view;
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

  #errorOf(row: number, httpStatus: number): RequestError | undefined {
    const code = this.#errorCode.text(row);
    if (code === '') return undefined;
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
