import type { ArrowColumnBatch, RecordSource } from '@aiperf/records/file';
import { ExportError } from '../export-error.ts';
import type { RecordedOrigin } from '../run/run-metadata.ts';

/** One request of a profiling phase. Times are nanoseconds; what is not known is NaN. */
export interface DialectRequest {
  /** Succeeded with output; else it failed or was cancelled, and has no metrics. */
  readonly isGood: boolean;
  readonly wasCancelled: boolean;
  /** Since the run's origin; NaN when it was never sent. */
  readonly startNs: number;
  /** End of the response, since the run's origin. */
  readonly endNs: number;
  /** Start to last content. */
  readonly latencyNs: number;
  readonly ttftNs: number;
  /** Start to first content that is not reasoning; equal to the TTFT where there can be none. */
  readonly ttfoNs: number;
  readonly inputTokens: number;
  /** With reasoning. */
  readonly outputTokens: number;
  /** Without reasoning. */
  readonly textTokens: number;
  readonly usagePromptTokens: number;
  readonly usageCompletionTokens: number;
  readonly requestedTokens: number;
  readonly contentEvents: number;
  /** Gaps between content events: entries `gapsFrom` until `gapsTo`. */
  readonly gapsNs: Float64Array;
  readonly gapsFrom: number;
  readonly gapsTo: number;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type NumberKey = {
  [Key in keyof DialectRequest]: DialectRequest[Key] extends number ? Key : never;
}[keyof DialectRequest];

/** Scalar columns that a run may lack, by what they fill. */
const OPTIONAL_COLUMNS: readonly (readonly [key: NumberKey, column: string])[] = [
  ['latencyNs', 'request_latency'],
  ['ttftNs', 'time_to_first_token'],
  ['ttfoNs', 'time_to_first_output_token'],
  ['inputTokens', 'input_sequence_length'],
  ['outputTokens', 'output_sequence_length'],
  ['textTokens', 'output_token_count'],
  ['usagePromptTokens', 'usage_prompt_tokens'],
  ['usageCompletionTokens', 'usage_completion_tokens'],
  ['requestedTokens', 'requested_osl'],
  ['contentEvents', 'content_event_count'],
];
const ROW_COLUMNS = ['benchmark_phase', 'valid', 'was_cancelled', 'request_start_offset_ns', 'request_end_offset_ns'];
const GAPS = 'inter_chunk_latency';
/** The phase of a row is `warmup` or `profiling`. */
const PROFILING_FIRST_BYTE = 'p'.charCodeAt(0);

/** The requests of a run's profiling phases, read a batch at a time, as often as wanted. */
export class DialectRequests {
  readonly isStreaming: boolean;
  readonly origin: RecordedOrigin;
  readonly #source: RecordSource;
  readonly #names: ReadonlySet<string>;

  /** Throws {@link ExportError} `NOT_RECORDED` for a run whose endpoint generates no text. */
  constructor(source: RecordSource, origin: RecordedOrigin) {
    this.#source = source;
    this.#names = new Set(source.schema.fields.map(({ name }) => name));
    this.isStreaming = this.#names.has('time_to_first_token');
    this.origin = origin;
    const missing = [...ROW_COLUMNS, 'output_sequence_length'].find((name) => !this.#names.has(name));
    if (missing !== undefined) {
      throw new ExportError(
        'AIPERF_EXPORT_NOT_RECORDED',
        `the reports of other tools are of endpoints that generate text, and this run has no column "${missing}"`,
      );
    }
  }

  /** Visits the requests in the order of the file. One object serves for all; `withGaps` reads the gaps too. */
  async visit(visit: (request: DialectRequest) => void, withGaps = false): Promise<void> {
    const optional = OPTIONAL_COLUMNS.filter(([, column]) => this.#names.has(column));
    const hasTtfo = this.#names.has('time_to_first_output_token');
    const readsGaps = withGaps && this.#names.has(GAPS);
    const columns = [...ROW_COLUMNS, ...optional.map(([, column]) => column), ...(readsGaps ? [GAPS] : [])];
    const request = emptyRequest();
    for await (const batch of this.#source.batches(columns)) {
      const fill = optional.map(([key, column]) => [key, batch.numbers(column)] as const);
      const read = rowReader(batch);
      const gaps = readsGaps ? batch.list(GAPS) : undefined;
      if (gaps !== undefined) request.gapsNs = gaps.values;
      for (let row = 0; row < batch.rowCount; row++) {
        if (!read(row, request)) continue;
        for (const [key, values] of fill) request[key] = values[row] ?? Number.NaN;
        if (!hasTtfo) request.ttfoNs = request.ttftNs;
        request.gapsFrom = gaps?.offsets[row] ?? 0;
        request.gapsTo = gaps?.offsets[row + 1] ?? 0;
        visit(request);
      }
    }
  }
}

/** Fills in what every row has; false for a row of a warm-up. */
function rowReader(batch: ArrowColumnBatch): (row: number, request: Writable<DialectRequest>) => boolean {
  const phase = batch.utf8('benchmark_phase');
  const valid = batch.numbers('valid');
  const cancelled = batch.numbers('was_cancelled');
  const starts = batch.numbers('request_start_offset_ns');
  const ends = batch.numbers('request_end_offset_ns');
  return (row, request) => {
    if (phase.bytes[phase.offsets[row] ?? 0] !== PROFILING_FIRST_BYTE) return false;
    request.isGood = valid[row] === 1;
    request.wasCancelled = cancelled[row] === 1;
    request.startNs = starts[row] ?? Number.NaN;
    request.endNs = ends[row] ?? Number.NaN;
    return true;
  };
}

function emptyRequest(): Writable<DialectRequest> {
  return {
    isGood: false,
    wasCancelled: false,
    startNs: Number.NaN,
    endNs: Number.NaN,
    latencyNs: Number.NaN,
    ttftNs: Number.NaN,
    ttfoNs: Number.NaN,
    inputTokens: Number.NaN,
    outputTokens: Number.NaN,
    textTokens: Number.NaN,
    usagePromptTokens: Number.NaN,
    usageCompletionTokens: Number.NaN,
    requestedTokens: Number.NaN,
    contentEvents: Number.NaN,
    gapsNs: new Float64Array(0),
    gapsFrom: 0,
    gapsTo: 0,
  };
}
