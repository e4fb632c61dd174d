import type { PhaseKind } from '@aiperf/timing';
import { setImmediate } from 'node:timers/promises';
import { createCollector, type ColumnCollector } from './column-summary.ts';
import type { AggregateMetric, RecordListMetric, RecordMetric, RecordValues } from './metric.ts';
import { selectionOf } from './metric.ts';
import type { MetricResult } from './metric-definition.ts';
import type { MetricSet } from './metric-set.ts';
import type { ColumnBatch, RecordSink } from './record-sink.ts';
import { PhaseValues, toResults } from './run-values.ts';
import { CompensatedSum } from './stats/sum.ts';

/** Memory for columns during one pass over the file, at most. */
const MAX_COLUMN_BUDGET_BYTES = 256 * 1024 * 1024;
/** What is enough for any run of up to three million rows: more passes over a small file cost next to nothing beside decoding and sorting. */
const MIN_COLUMN_BUDGET_BYTES = 96 * 1024 * 1024;
/** With fewer columns a pass, reading the file over and over would cost as much as all the rest. */
const COLUMNS_PER_PASS = 4;

const KINDS = ['profiling', 'warmup'] as const satisfies readonly PhaseKind[];

/** What a summary is made from, and within which memory. */
export interface SummarizeOptions {
  readonly metrics: MetricSet;
  /** Kind of every phase by index; rows of other phases are left out. */
  readonly phaseKinds: ReadonlyMap<number, PhaseKind>;
  /** Memory for columns during one pass; default 96 to 256 MiB, by the number of rows. */
  readonly columnBudgetBytes?: number;
}

/** Results of the two kinds of phase; all phases of a kind are pooled. */
export type KindResults = Readonly<Record<PhaseKind, readonly MetricResult[]>>;

interface Job {
  readonly metric: RecordMetric | RecordListMetric;
  readonly collectors: Readonly<Record<PhaseKind, ColumnCollector>>;
}

/**
 * Reads stored rows back and computes every metric of the set exactly. Each pass reads as many columns as fit the budget; a column
 * that does not fit alone is taken in several passes.
 */
export async function summarizeRecords(
  source: Pick<RecordSink, 'rowCount' | 'scan'>,
  { metrics, phaseKinds, ...options }: SummarizeOptions,
): Promise<KindResults> {
  const values: Record<PhaseKind, PhaseValues> = { profiling: new PhaseValues(), warmup: new PhaseValues() };
  const fold = await foldRows(source, metrics, phaseKinds);
  for (const kind of KINDS) {
    for (const [tag, value] of fold.scalars[kind]) values[kind].setScalar(tag, value);
  }
  const columns = [...metrics.record, ...metrics.recordLists].map((metric) => ({
    metric,
    counts:
      metric.kind === 'record' ? fold.rowCounts : (fold.listCounts.get(metric.tag) ?? { profiling: 0, warmup: 0 }),
  }));
  const columnBudgetBytes = options.columnBudgetBytes ?? defaultBudgetBytes(columns.map(({ counts }) => counts));
  while (columns.length > 0) {
    const jobs: Job[] = [];
    let roomBytes = columnBudgetBytes;
    for (let next = columns[0]; next !== undefined; next = columns[0]) {
      const bytes = columnBytes(next.counts);
      if (jobs.length > 0 && bytes > roomBytes) break;
      roomBytes -= bytes;
      columns.shift();
      const collector = (kind: PhaseKind): ColumnCollector =>
        createCollector(next.counts[kind], columnBudgetBytes / KINDS.length);
      jobs.push({
        metric: next.metric,
        collectors: { profiling: collector('profiling'), warmup: collector('warmup') },
      });
    }
    await runJobs(source, jobs, phaseKinds);
    for (const { metric, collectors } of jobs) {
      for (const kind of KINDS) values[kind].setSummary(metric.tag, collectors[kind].result());
      // Sorting ten million values takes a second; the bus must be served in between.
      await setImmediate();
    }
  }
  for (const kind of KINDS) values[kind].derive(metrics);
  return { profiling: toResults(values.profiling, metrics), warmup: toResults(values.warmup, metrics) };
}

function columnBytes(counts: Readonly<Record<PhaseKind, number>>): number {
  return (counts.profiling + counts.warmup) * Float64Array.BYTES_PER_ELEMENT;
}

function defaultBudgetBytes(columns: readonly Readonly<Record<PhaseKind, number>>[]): number {
  const widestBytes = Math.max(0, ...columns.map(columnBytes));
  return Math.min(MAX_COLUMN_BUDGET_BYTES, Math.max(MIN_COLUMN_BUDGET_BYTES, COLUMNS_PER_PASS * widestBytes));
}

async function runJobs(
  source: Pick<RecordSink, 'scan'>,
  jobs: readonly Job[],
  phaseKinds: ReadonlyMap<number, PhaseKind>,
): Promise<void> {
  const isOpen = ({ collectors }: Job): boolean => KINDS.some((kind) => !collectors[kind].isDone);
  for (let open = jobs.filter(isOpen); open.length > 0; open = open.filter(isOpen)) {
    await source.scan(['phase_index', ...open.map(({ metric }) => metric.tag)], (batch) => {
      const phases = batch.numbers('phase_index');
      for (const { metric, collectors } of open) {
        if (metric.kind === 'record') addScalars(batch.numbers(metric.tag), phases, phaseKinds, collectors);
        else addLists(batch.list(metric.tag), phases, phaseKinds, collectors);
      }
    });
    for (const { collectors } of open) {
      for (const kind of KINDS) if (!collectors[kind].isDone) collectors[kind].endPass();
    }
  }
}

function addScalars(
  values: Float64Array,
  phases: Float64Array,
  phaseKinds: ReadonlyMap<number, PhaseKind>,
  collectors: Job['collectors'],
): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const kind = phaseKinds.get(phases[row] ?? -1);
    if (kind !== undefined && !collectors[kind].isDone) collectors[kind].add(value);
  }
}

function addLists(
  { offsets, values }: ReturnType<ColumnBatch['list']>,
  phases: Float64Array,
  phaseKinds: ReadonlyMap<number, PhaseKind>,
  collectors: Job['collectors'],
): void {
  for (let row = 0; row < phases.length; row++) {
    const kind = phaseKinds.get(phases[row] ?? -1);
    if (kind === undefined || collectors[kind].isDone) continue;
    const end = offsets[row + 1] ?? 0;
    for (let index = offsets[row] ?? 0; index < end; index++) collectors[kind].add(values[index] ?? Number.NaN);
  }
}

interface Folded {
  readonly scalars: Readonly<Record<PhaseKind, ReadonlyMap<string, number>>>;
  readonly rowCounts: Readonly<Record<PhaseKind, number>>;
  /** Values of each list metric. */
  readonly listCounts: ReadonlyMap<string, Readonly<Record<PhaseKind, number>>>;
}

/** First pass: the aggregates, and how much there is. */
async function foldRows(
  source: Pick<RecordSink, 'scan'>,
  metrics: MetricSet,
  phaseKinds: ReadonlyMap<number, PhaseKind>,
): Promise<Folded> {
  const known = new Set(metrics.record.map(({ tag }) => tag));
  const read = new Set(
    metrics.aggregate.flatMap(({ requires, optional = [] }) => [
      ...requires,
      ...optional.filter((tag) => known.has(tag)),
    ]),
  );
  const lists = metrics.recordLists.map(({ tag }) => tag);
  const rowCounts = { profiling: 0, warmup: 0 };
  const listCounts = new Map(lists.map((tag) => [tag, { profiling: 0, warmup: 0 }]));
  const folds = {
    profiling: metrics.aggregate.map((metric) => new AggregateFold(metric)),
    warmup: metrics.aggregate.map((metric) => new AggregateFold(metric)),
  };
  const row = new BatchRow();
  await source.scan(['phase_index', 'valid', 'was_cancelled', ...read, ...lists], (batch) => {
    const phases = batch.numbers('phase_index');
    const valid = batch.numbers('valid');
    const cancelled = batch.numbers('was_cancelled');
    const offsets = lists.map((tag) => ({ tag, offsets: batch.list(tag).offsets }));
    row.columns = new Map(Array.from(read, (tag) => [tag, batch.numbers(tag)]));
    for (row.index = 0; row.index < batch.rowCount; row.index++) {
      const kind = phaseKinds.get(phases[row.index] ?? -1);
      if (kind === undefined) continue;
      rowCounts[kind]++;
      for (const list of offsets) {
        const counts = listCounts.get(list.tag);
        if (counts !== undefined) counts[kind] += (list.offsets[row.index + 1] ?? 0) - (list.offsets[row.index] ?? 0);
      }
      if (cancelled[row.index] === 1) continue;
      for (const fold of folds[kind]) fold.add(row, valid[row.index] === 1);
    }
  });
  const scalarsOf = (kind: PhaseKind): ReadonlyMap<string, number> =>
    new Map(folds[kind].map(({ metric, value }) => [metric.tag, value]));
  return { scalars: { profiling: scalarsOf('profiling'), warmup: scalarsOf('warmup') }, rowCounts, listCounts };
}

/** One row of a batch as values by name; a column that was not read is absent. */
class BatchRow implements RecordValues {
  columns: ReadonlyMap<string, Float64Array> = new Map();
  index = 0;

  get(tag: string): number {
    return this.columns.get(tag)?.[this.index] ?? Number.NaN;
  }
}

class AggregateFold {
  readonly metric: AggregateMetric;
  readonly #onValid: boolean;
  readonly #onFailed: boolean;
  readonly #sum = new CompensatedSum();
  #extreme: number = Number.NaN;
  #count = 0;

  constructor(metric: AggregateMetric) {
    this.metric = metric;
    this.#onValid = selectionOf(metric) !== 'failed';
    this.#onFailed = selectionOf(metric) !== 'valid';
  }

  add(row: RecordValues, isValid: boolean): void {
    if (!(isValid ? this.#onValid : this.#onFailed)) return;
    const part = this.metric.contribution(row);
    if (Number.isNaN(part)) return;
    this.#count++;
    if (this.metric.combine === 'sum') this.#sum.add(part);
    else if (this.#count === 1) this.#extreme = part;
    else this.#extreme = this.metric.combine === 'min' ? Math.min(this.#extreme, part) : Math.max(this.#extreme, part);
  }

  get value(): number {
    if (this.#count === 0) return Number.NaN;
    return this.metric.combine === 'sum' ? this.#sum.value : this.#extreme;
  }
}
