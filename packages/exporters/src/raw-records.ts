import type { FileHandle } from 'node:fs/promises';
import type { ArrowColumnBatch, RecordSource } from '@aiperf/records/file';
import { ExportError } from './export-error.ts';
import { JsonFile } from './json-file.ts';
import { JsonPiece, type JsonBytes } from './json-bytes.ts';
import {
  PLAIN_COLUMNS,
  errorEntries,
  metadataEntries,
  rowContext,
  writeEntries,
  type Entry,
  type RowContext,
} from './jsonl-metadata.ts';
import type { RecordedOrigin } from './run/run-metadata.ts';

const CHUNK_COLUMNS = [
  'x_request_id',
  'kind',
  'time_ns',
  'event_index',
  'field',
  'value',
  'http_status',
  'content_type',
] as const;

/** From this status on the response is an error page, which is the error's message. */
const FIRST_ERROR_STATUS = 400;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const METADATA = new JsonPiece('{"metadata":{');
const START = new JsonPiece('},"start_perf_ns":');
const HEADERS = new JsonPiece(',"request_headers":');
const STATUS = new JsonPiece(',"status":');
const RESPONSES = new JsonPiece(',"responses":[');
const PERF = new JsonPiece('{"perf_ns":');
const PACKETS = new JsonPiece(',"packets":[');
const NAME = new JsonPiece('{"name":');
const VALUE = new JsonPiece(',"value":');
const TEXT = new JsonPiece(',"text":');
const CONTENT_TYPE = new JsonPiece(',"content_type":');
const ERROR = new JsonPiece(',"error":{');
const PAYLOAD = new JsonPiece(',"payload":');
const COMMA = new JsonPiece(',');
const CLOSE = new JsonPiece('}');
const CLOSE_LIST = new JsonPiece(']');
const CLOSE_EVENT = new JsonPiece(']}');
const END_OF_LINE = new JsonPiece('}\n');

/** What lines hold besides what the two files say. */
export interface RawOptions {
  readonly origin: RecordedOrigin;
  readonly phaseNames: readonly string[];
  /** Headers of every request in their order; the ids of a request come after the first of them. Secrets redacted. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Writes `profile_export_raw.jsonl`: one line a row, from the record file and the chunk file. The batches of both belong together one by one,
 * so one of each is in memory at a time.
 */
export async function writeRawRecords(
  records: RecordSource,
  chunks: RecordSource,
  handle: FileHandle,
  options: RawOptions,
): Promise<void> {
  const context = await rowContext(records, options.phaseNames);
  const columns = PLAIN_COLUMNS.filter((name) => context.fields.has(name));
  const file = new JsonFile(handle);
  const chunkBatches = chunks.batches(CHUNK_COLUMNS);
  for await (const batch of records.batches(columns)) {
    const { value: chunkBatch } = await chunkBatches.next();
    if (chunkBatch === undefined) throw doNotFit();
    const writer = new RawLines(batch, chunkBatch, context, options);
    for (let row = 0; row < batch.rowCount; row += 1) {
      writer.write(row, file.out);
      if (file.isFull) await file.flush();
    }
  }
  await file.close();
}

/** The lines of one batch; rows are written in order. */
class RawLines {
  readonly #chunks: ChunkBatch;
  readonly #options: RawOptions;
  readonly #metadata: readonly Entry[];
  readonly #error: readonly Entry[];
  readonly #requestIds: readonly (string | null)[];
  readonly #correlationIds: readonly (string | null)[];
  readonly #monotonicOffsetNs: bigint;
  /** Next row of the chunks. */
  #next = 0;

  constructor(batch: ArrowColumnBatch, chunkBatch: ArrowColumnBatch, context: RowContext, options: RawOptions) {
    this.#chunks = new ChunkBatch(chunkBatch);
    this.#options = options;
    this.#metadata = metadataEntries(batch, context);
    this.#error = errorEntries(batch, context);
    this.#requestIds = batch.strings('x_request_id');
    this.#correlationIds = batch.strings('x_correlation_id');
    this.#monotonicOffsetNs = options.origin.monotonicNs - options.origin.epochNs;
  }

  write(row: number, out: JsonBytes): void {
    const chunks = this.#chunks;
    const request = this.#next;
    if (chunks.ids[request] !== this.#requestIds[row] || chunks.kinds[request] !== 'request') throw doNotFit();
    let end = request + 1;
    while (end < chunks.rowCount && chunks.kinds[end] !== 'request') end += 1;
    this.#next = end;
    out.raw(METADATA);
    writeEntries(this.#metadata, row, out);
    out.raw(START);
    this.#perf(request, out);
    out.raw(HEADERS);
    text(this.#headers(row), out);
    const status = chunks.statuses[request] ?? Number.NaN;
    if (Number.isFinite(status)) {
      out.raw(STATUS);
      out.integer(status);
    }
    out.raw(RESPONSES);
    if (!(status >= FIRST_ERROR_STATUS)) this.#responses(request, end, out);
    out.raw(CLOSE_LIST);
    const before = out.length;
    out.raw(ERROR);
    if (writeEntries(this.#error, row, out)) out.raw(CLOSE);
    else out.truncate(before);
    out.raw(PAYLOAD);
    chunks.payload(request, out);
    out.raw(END_OF_LINE);
  }

  #responses(request: number, end: number, out: JsonBytes): void {
    const chunks = this.#chunks;
    let openEvent: number | undefined;
    for (let row = request + 1; row < end; row += 1) {
      const isEvent = chunks.kinds[row] === 'event';
      const event = isEvent ? chunks.events[row] : undefined;
      if (isEvent && event === openEvent) {
        out.raw(COMMA);
      } else {
        if (openEvent !== undefined) out.raw(CLOSE_EVENT);
        if (row > request + 1) out.raw(COMMA);
        out.raw(PERF);
        this.#perf(row, out);
        if (isEvent) out.raw(PACKETS);
      }
      openEvent = event;
      if (isEvent) {
        out.raw(NAME);
        chunks.quoted('field', row, out);
        out.raw(VALUE);
        chunks.quoted('value', row, out);
        out.raw(CLOSE);
        continue;
      }
      out.raw(TEXT);
      chunks.quoted('value', row, out);
      out.raw(CONTENT_TYPE);
      chunks.quoted('content_type', request, out);
      out.raw(CLOSE);
    }
    if (openEvent !== undefined) out.raw(CLOSE_EVENT);
  }

  #perf(row: number, out: JsonBytes): void {
    out.bigint((this.#chunks.times[row] ?? 0n) + this.#monotonicOffsetNs);
  }

  #headers(row: number): string {
    const [first, ...others] = this.#options.headers;
    const ids = [
      ['X-Request-ID', this.#requestIds[row]],
      ['X-Correlation-ID', this.#correlationIds[row]],
    ].flatMap(([name, value]) => (typeof name === 'string' && typeof value === 'string' ? [[name, value]] : []));
    return JSON.stringify(Object.fromEntries([...(first === undefined ? [] : [first]), ...ids, ...others]));
  }
}

/** One batch of the chunk file, its texts undecoded. */
class ChunkBatch {
  readonly rowCount: number;
  readonly ids: readonly (string | null)[];
  readonly kinds: readonly (string | null)[];
  readonly times: BigInt64Array;
  readonly events: Float64Array;
  readonly statuses: Float64Array;
  readonly #texts: Readonly<Record<'field' | 'value' | 'content_type', ReturnType<ArrowColumnBatch['utf8']>>>;

  constructor(batch: ArrowColumnBatch) {
    this.rowCount = batch.rowCount;
    this.ids = batch.strings('x_request_id');
    this.kinds = batch.strings('kind');
    this.times = batch.bigints('time_ns');
    this.events = batch.numbers('event_index');
    this.statuses = batch.numbers('http_status');
    this.#texts = { field: batch.utf8('field'), value: batch.utf8('value'), content_type: batch.utf8('content_type') };
  }

  quoted(column: 'field' | 'value' | 'content_type', row: number, out: JsonBytes): void {
    const { offsets, bytes } = this.#texts[column];
    out.quoted(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
  }

  /** The body as it was sent where it is JSON on one line; otherwise the same on one line, and what is no JSON as a text. */
  payload(row: number, out: JsonBytes): void {
    const { offsets, bytes } = this.#texts.value;
    const from = offsets[row] ?? 0;
    const to = offsets[row + 1] ?? 0;
    const body = bytes.subarray(from, to);
    let parsed: unknown;
    try {
      parsed = JSON.parse(Buffer.from(body).toString('utf8'));
    } catch {
      out.quoted(bytes, from, to);
      return;
    }
    if (body.includes(LINE_FEED) || body.includes(CARRIAGE_RETURN)) text(JSON.stringify(parsed), out);
    else out.copy(bytes, from, to);
  }
}

function text(value: string, out: JsonBytes): void {
  const bytes = Buffer.from(value);
  out.copy(bytes, 0, bytes.length);
}

function doNotFit(): ExportError {
  return new ExportError(
    'AIPERF_EXPORT_CORRUPT_FILE',
    'the chunk file and the record file do not belong together: they name other requests',
  );
}
