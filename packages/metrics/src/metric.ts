import type { MetricDefinition } from './metric-definition.ts';
import type { MetricMode } from './metric-mode.ts';
import type { ParsedRecord, RecordSelection } from './parsed-record.ts';
import type { Summary } from './stats/summary.ts';

/** Numbers of one record by metric tag, or by column for an aggregate; NaN where absent. */
export interface RecordValues {
  get(tag: string): number;
}

/** Results of one phase by metric tag. */
export interface RunValues {
  /** An aggregate or derived metric; NaN where absent. */
  scalar(tag: string): number;
  /** Statistics of a record metric in its native unit; `undefined` when no record has it. */
  summary(tag: string): Summary | undefined;
  /** Sum of a record metric over all records; NaN where absent. */
  sum(tag: string): number;
}

interface Computed extends MetricDefinition {
  /** Tags that are read where they exist and are NaN where the mode lacks them. */
  readonly optional?: readonly string[];
  /** Modes beyond what the flags say. */
  readonly appliesTo?: (mode: MetricMode) => boolean;
}

/** One value a request, stored as a column of the record file. */
export interface RecordMetric extends Computed {
  readonly kind: 'record';
  /** `int` values are stored as integers; give whole numbers. */
  readonly valueType: 'int' | 'float';
  /** Default: `valid`; `failed` with the flag `error_only`. */
  readonly records?: RecordSelection;
  /** The value in the native unit; NaN: absent. Must not keep the record, which is refilled. */
  compute(record: ParsedRecord, values: RecordValues): number;
}

/** Several values a request, stored as a list column; statistics are over the values of all requests together. */
export interface RecordListMetric extends Computed {
  readonly kind: 'record_list';
  readonly valueType: 'int' | 'float';
  /** Appends the values in order; none: absent. */
  compute(record: ParsedRecord, append: (value: number) => void): void;
}

/** One value a run, folded over the stored rows. */
export interface AggregateMetric extends Computed {
  readonly kind: 'aggregate';
  /** Record metrics and row columns that the contribution reads. */
  readonly requires: readonly string[];
  readonly records?: RecordSelection;
  readonly combine: 'sum' | 'min' | 'max';
  /** One row's part; NaN: none. Without any the metric is absent. */
  contribution(values: RecordValues): number;
  /** Valid rows keep their part, whole numbers, in a column of the metric's tag. Its requirements must be record metrics. */
  readonly isStored?: true;
  /**
   * For a metric whose requirements are a matter of the run: what it is in this one. `known` is the whole table by tag; of it
   * `existing` is there in this mode.
   */
  readonly forMode?: (
    mode: MetricMode,
    known: ReadonlyMap<string, Metric>,
    existing: ReadonlySet<string>,
  ) => Pick<AggregateMetric, 'requires' | 'contribution'>;
}

/** One value a run, computed from the others at the end. */
export interface DerivedMetric extends Computed {
  readonly kind: 'derived';
  readonly requires: readonly string[];
  /** The value in the native unit; NaN: absent. */
  compute(run: RunValues): number;
}

/** One value a request that is known only at the end of the run, because it depends on a value of the run; no column of the rows. */
export interface DerivedRecordMetric extends Computed {
  readonly kind: 'derived_record';
  /** The record metric whose values are changed. */
  readonly of: string;
  readonly requires: readonly string[];
  /** The value in the native unit; NaN: absent. */
  compute(value: number, run: RunValues): number;
}

/** Values of a run that are no matter of one request, such as round trips; given to the summary from outside. */
export interface MeasuredMetric extends Computed {
  readonly kind: 'measured';
}

/** One entry of the registry. */
export type Metric =
  | RecordMetric
  | RecordListMetric
  | AggregateMetric
  | DerivedMetric
  | DerivedRecordMetric
  | MeasuredMetric;

/** Computed, and kept from tables and summary files: of use to those who work on the program, or not settled yet. */
export function isHidden({ flags }: MetricDefinition): boolean {
  return flags.includes('internal') || flags.includes('experimental');
}

/** The records a metric is computed on. */
export function selectionOf(metric: RecordMetric | AggregateMetric): RecordSelection {
  return metric.records ?? (metric.flags.includes('error_only') ? 'failed' : 'valid');
}
