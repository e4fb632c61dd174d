import { grown } from '@aiperf/records';
import type { InvariantViolation } from './metric-definition.ts';
import type { MetricSet } from './metric-set.ts';
import type { ColumnBatch, RecordSink } from '@aiperf/records/file';

/** Sessions whose requests are watched for being recorded twice; one bit each. */
const WATCHED_SESSIONS_MAX = 2 ** 30;

/** Everything that a row may contradict itself in. */
const ROW_RULES = [
  'valid_and_cancelled',
  'end_before_start',
  'sent_before_due',
  'recorded_twice',
  'latency_missing',
  'latency_not_positive',
  'end_before_last_response',
  'ttft_missing',
  'ttft_not_positive',
  'ttft_above_latency',
  'chunk_gap_negative',
  'chunk_gaps_not_decode_duration',
] as const;
type RowRule = (typeof ROW_RULES)[number];

interface Found {
  count: number;
  readonly batch: number;
  readonly row: number;
  readonly words: string;
}

/** Checks of every row, and what they found. */
export interface RowChecks {
  /** Columns that {@link check} reads. */
  readonly columns: readonly string[];
  /** Call for every batch, in their order. */
  check(batch: ColumnBatch): void;
  /** What was found, an example of each with its request's id. */
  violations(source: Pick<RecordSink, 'scan'>): Promise<InvariantViolation[]>;
}

/** Makes the checks of the metrics that exist: 0 < TTFT <= latency, nothing sent before it was due, no request twice, and the like. */
export function createRowChecks(metrics: MetricSet): RowChecks {
  return new Checks(new Set([...metrics.record, ...metrics.recordLists].map(({ tag }) => tag)));
}

const TIMES = ['request_latency', 'time_to_first_token'] as const;
const GAPS = 'inter_chunk_latency';

class Checks implements RowChecks {
  readonly columns: readonly string[];
  readonly #known: ReadonlySet<string>;
  readonly #found = new Map<RowRule, Found>();
  /** By phase: one bit for each session whose first turn was recorded. */
  readonly #sessions = new Map<number, Uint8Array>();
  #batch = -1;

  constructor(known: ReadonlySet<string>) {
    this.#known = known;
    this.columns = [
      'phase_index',
      'valid',
      'was_cancelled',
      'session_num',
      'turn_index',
      'request_start_offset_ns',
      'request_end_offset_ns',
      'due_offset_ns',
      'resend_ns',
      ...TIMES.filter((tag) => known.has(tag)),
      ...(known.has(GAPS) ? [GAPS] : []),
    ];
  }

  check(batch: ColumnBatch): void {
    this.#batch++;
    this.#checkAll(batch);
    this.#checkValid(batch);
  }

  async violations(source: Pick<RecordSink, 'scan'>): Promise<InvariantViolation[]> {
    if (this.#found.size === 0) return [];
    const wanted = new Set(Array.from(this.#found.values(), ({ batch }) => batch));
    const order = [...wanted].sort((a, b) => a - b);
    const ids = new Map<string, string | null>();
    let visited = 0;
    await source.scan(
      ['x_request_id'],
      (batch) => {
        const number = order[visited++];
        const names = batch.strings('x_request_id');
        for (const found of this.#found.values()) {
          if (found.batch === number) ids.set(`${number}/${found.row}`, names[found.row] ?? null);
        }
      },
      (index) => wanted.has(index),
    );
    return ROW_RULES.flatMap((rule) => {
      const found = this.#found.get(rule);
      if (found === undefined) return [];
      const id = ids.get(`${found.batch}/${found.row}`) ?? 'without an id';
      return [{ rule, count: found.count, example: `request ${id}: ${found.words}` }];
    });
  }

  #checkAll(batch: ColumnBatch): void {
    const phases = batch.numbers('phase_index');
    const valid = batch.numbers('valid');
    const cancelled = batch.numbers('was_cancelled');
    const sessions = batch.numbers('session_num');
    const turns = batch.numbers('turn_index');
    const starts = batch.numbers('request_start_offset_ns');
    const ends = batch.numbers('request_end_offset_ns');
    const dues = batch.numbers('due_offset_ns');
    const resends = batch.numbers('resend_ns');
    for (let row = 0; row < batch.rowCount; row++) {
      const startNs = starts[row] ?? Number.NaN;
      const endNs = ends[row] ?? Number.NaN;
      const sentNs = startNs - (resends[row] ?? 0);
      const dueNs = dues[row] ?? Number.NaN;
      if (valid[row] === 1 && cancelled[row] === 1) this.#add('valid_and_cancelled', row, 'both valid and cancelled');
      if (endNs < startNs) this.#add('end_before_start', row, `started at ${startNs} ns, ended at ${endNs} ns`);
      if (sentNs < dueNs) this.#add('sent_before_due', row, `sent ${dueNs - sentNs} ns before it was due`);
      if (turns[row] === 0 && this.#isKnown(phases[row] ?? 0, sessions[row] ?? 0)) {
        this.#add('recorded_twice', row, `the first turn of session ${sessions[row]} has another record`);
      }
    }
  }

  #checkValid(batch: ColumnBatch): void {
    if (!this.#known.has('request_latency')) return;
    const valid = batch.numbers('valid');
    const starts = batch.numbers('request_start_offset_ns');
    const ends = batch.numbers('request_end_offset_ns');
    const latencies = batch.numbers('request_latency');
    const ttfts = this.#known.has('time_to_first_token') ? batch.numbers('time_to_first_token') : undefined;
    const gaps = this.#known.has(GAPS) ? batch.list(GAPS) : undefined;
    for (let row = 0; row < batch.rowCount; row++) {
      if (valid[row] !== 1) continue;
      const latencyNs = latencies[row] ?? Number.NaN;
      if (Number.isNaN(latencyNs)) this.#add('latency_missing', row, 'valid, and without a request latency');
      if (latencyNs <= 0) this.#add('latency_not_positive', row, `request latency ${latencyNs} ns`);
      const restNs = (ends[row] ?? Number.NaN) - (starts[row] ?? Number.NaN) - latencyNs;
      if (restNs < 0) this.#add('end_before_last_response', row, `ended ${-restNs} ns before its last response`);
      if (ttfts === undefined) continue;
      const ttftNs = ttfts[row] ?? Number.NaN;
      if (Number.isNaN(ttftNs)) this.#add('ttft_missing', row, 'valid, and without a time to first token');
      if (ttftNs <= 0) this.#add('ttft_not_positive', row, `time to first token ${ttftNs} ns`);
      if (ttftNs > latencyNs) {
        this.#add('ttft_above_latency', row, `time to first token ${ttftNs} ns, request latency ${latencyNs} ns`);
      }
      if (gaps !== undefined) this.#checkGaps(gaps, row, latencyNs - ttftNs);
    }
  }

  #checkGaps({ offsets, values }: ReturnType<ColumnBatch['list']>, row: number, decodeNs: number): void {
    const from = offsets[row] ?? 0;
    const to = offsets[row + 1] ?? 0;
    if (from === to) return;
    let sumNs = 0;
    for (let index = from; index < to; index++) {
      const gapNs = values[index] ?? 0;
      if (gapNs < 0) this.#add('chunk_gap_negative', row, `a gap of ${gapNs} ns between two chunks`);
      sumNs += gapNs;
    }
    if (sumNs !== decodeNs) {
      this.#add(
        'chunk_gaps_not_decode_duration',
        row,
        `gaps of ${sumNs} ns in all, ${decodeNs} ns from first to last response`,
      );
    }
  }

  /** Remembers a session; true when it was remembered before. */
  #isKnown(phase: number, session: number): boolean {
    if (!(session >= 0 && session < WATCHED_SESSIONS_MAX)) return false;
    const index = session >> 3;
    let bits = this.#sessions.get(phase) ?? new Uint8Array(1024);
    bits = grown(bits, index + 1);
    this.#sessions.set(phase, bits);
    const mask = 1 << (session & 7);
    const isKnown = ((bits[index] ?? 0) & mask) !== 0;
    bits[index] = (bits[index] ?? 0) | mask;
    return isKnown;
  }

  #add(rule: RowRule, row: number, words: string): void {
    const found = this.#found.get(rule);
    if (found === undefined) this.#found.set(rule, { count: 1, batch: this.#batch, row, words });
    else found.count++;
  }
}
