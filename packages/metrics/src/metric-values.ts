import type { RecordMetric, RecordValues } from './metric.ts';
import { selectionOf } from './metric.ts';
import type { ParsedRecord } from './parsed-record.ts';
import { MetricsError } from './metrics-error.ts';

/** Values of all record metrics of one record; refilled for every record. */
export class MetricValues implements RecordValues {
  readonly #metrics: readonly RecordMetric[];
  readonly #onValid: readonly number[];
  readonly #onFailed: readonly number[];
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #values: Float64Array;

  /** `metrics` must be in the order of their requirements. */
  constructor(metrics: readonly RecordMetric[]) {
    this.#metrics = metrics;
    this.#indexes = new Map(metrics.map((metric, index) => [metric.tag, index]));
    this.#values = new Float64Array(metrics.length).fill(Number.NaN);
    const indexesExcept = (excluded: 'valid' | 'failed'): number[] =>
      metrics.flatMap((metric, index) => (selectionOf(metric) === excluded ? [] : [index]));
    this.#onValid = indexesExcept('failed');
    this.#onFailed = indexesExcept('valid');
  }

  /** Computes what exists for this record; everything else is NaN. A cancelled record has nothing. */
  compute(record: ParsedRecord, isValid: boolean): void {
    const values = this.#values;
    values.fill(Number.NaN);
    if (record.cancelled) return;
    const indexes = isValid ? this.#onValid : this.#onFailed;
    for (const index of indexes) {
      const value = this.#metrics[index]?.compute(record, this) ?? Number.NaN;
      // An infinity would spoil every mean, and meets every objective where larger is better.
      values[index] = Number.isFinite(value) ? value : Number.NaN;
    }
  }

  get(tag: string): number {
    const index = this.#indexes.get(tag);
    if (index === undefined) {
      throw new MetricsError('AIPERF_METRICS_UNKNOWN_TAG', `No record metric '${tag}' exists in this mode.`);
    }
    return this.#values[index] ?? Number.NaN;
  }

  /** Value by position in the list of metrics. */
  at(index: number): number {
    return this.#values[index] ?? Number.NaN;
  }
}
