import { readFileSync } from 'node:fs';
import type { ColumnBatch, RecordSink } from '@aiperf/records/file';
import { METRIC_DEFINITIONS } from './registry.ts';
import { unitDivisor } from './units.ts';

/** Folders written by AIPerf 0.13. */
export const GOLDEN: URL = new URL('../../../test/data/golden-aiperf-0.13/', import.meta.url);

interface GoldenRecord {
  readonly metadata: {
    readonly request_start_ns: number;
    readonly benchmark_phase: 'warmup' | 'profiling';
    readonly credit_issued_ns: number;
    readonly request_end_ns: number;
  };
  readonly metrics: Readonly<
    Record<string, { readonly value: number | readonly number[]; readonly unit: string } | undefined>
  >;
  readonly error?: object;
}

/** Rows of AIPerf's JSONL as a record sink: its values in native units, by our column names. */
export class GoldenRows implements Pick<RecordSink, 'rowCount' | 'scan'> {
  readonly #records: readonly GoldenRecord[];
  readonly #lines: readonly string[];
  /** Start of the first one, which is 0 here. */
  readonly originEpochNs: bigint;

  constructor(path: URL) {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    this.#records = lines.map((line) => JSON.parse(line) as GoldenRecord);
    this.#lines = lines;
    this.originEpochNs = this.#epochNs(0, 'request_start_ns');
  }

  get rowCount(): number {
    return this.#records.length;
  }

  async scan(_columns: readonly string[], visit: (batch: ColumnBatch) => void): Promise<void> {
    visit({
      rowCount: this.#records.length,
      numbers: (name) => Float64Array.from(this.#records, (record, row) => this.#number(record, row, name)),
      list: (name) => {
        const lists = this.#records.map(({ metrics: { [name]: metric } }) =>
          metric === undefined ? [] : (metric.value as readonly number[]).map((value) => native(name, value)),
        );
        const offsets = new Int32Array(lists.length + 1);
        for (const [index, list] of lists.entries()) offsets[index + 1] = (offsets[index] ?? 0) + list.length;
        return { offsets, values: Float64Array.from(lists.flat()) };
      },
      strings: () => [],
    });
    await Promise.resolve();
  }

  #number(record: GoldenRecord, row: number, name: string): number {
    if (name === 'phase_index') return record.metadata.benchmark_phase === 'warmup' ? 0 : 1;
    if (name === 'valid') return record.error === undefined ? 1 : 0;
    if (name === 'was_cancelled' || name === 'resend_ns' || name === 'turn_index') return 0;
    if (name === 'session_num') return row;
    if (name === 'due_offset_ns') return Number.NaN;
    if (name === 'request_start_offset_ns') return this.#sinceOriginNs(row, 'request_start_ns');
    if (name === 'request_end_offset_ns') return this.#sinceOriginNs(row, 'request_end_ns');
    if (name === 'requested_osl') return requestedOsl(record);
    const value = record.metrics[name]?.value;
    return typeof value === 'number' ? native(name, value) : Number.NaN;
  }

  #sinceOriginNs(row: number, name: string): number {
    return Number(this.#epochNs(row, name) - this.originEpochNs);
  }

  /** Epoch nanoseconds do not survive JSON.parse. */
  #epochNs(row: number, name: string): bigint {
    return BigInt(new RegExp(`"${name}":(\\d+)`, 'u').exec(this.#lines[row] ?? '')?.[1] ?? '0');
  }
}

/** Undoes the conversion to display units; durations and bytes were whole numbers before it. */
function native(tag: string, value: number): number {
  const metric = METRIC_DEFINITIONS.find((candidate) => candidate.tag === tag);
  if (metric === undefined) throw new Error(`no metric ${tag}`);
  const divisor = unitDivisor(metric.unit, metric.displayUnit ?? metric.unit);
  const isWhole = 'valueType' in metric && metric.valueType === 'int';
  return isWhole ? Math.round(value * divisor) : value * divisor;
}

/** AIPerf does not write it; the mismatch in percent gives it back. */
function requestedOsl({ metrics: values }: GoldenRecord): number {
  const percent = values['osl_mismatch_diff_pct']?.value;
  const osl = values['output_sequence_length']?.value;
  return typeof percent === 'number' && typeof osl === 'number' ? Math.round(osl / (1 + percent / 100)) : Number.NaN;
}
