import type { AggregateMetric, RecordValues } from './metric.ts';
import { selectionOf } from './metric.ts';
import type { MetricSet } from './metric-set.ts';
import type { RecordSink } from '@aiperf/records/file';
import { OUTCOME_COLUMNS, RowCounts, rowOutcomes, type PhaseRows } from './row-counts.ts';
import { NO_GROUP, type RowGroups } from './row-groups.ts';
import { CompensatedSum } from './stats/sum.ts';

/** What the first pass over the rows says about one group. */
export interface GroupFold {
  /** The aggregates by tag; NaN where no row had a part. */
  readonly scalars: ReadonlyMap<string, number>;
  readonly counts: PhaseRows;
  /** Values of each list metric. */
  readonly listCounts: ReadonlyMap<string, number>;
}

/** First pass over stored rows: the aggregates of every group, and how much there is. */
export async function foldRows(
  source: Pick<RecordSink, 'scan'>,
  metrics: MetricSet,
  groups: RowGroups,
): Promise<readonly GroupFold[]> {
  const known = new Set(metrics.record.map(({ tag }) => tag));
  const read = new Set(
    metrics.aggregate.flatMap(({ requires, optional = [] }) => [
      ...requires,
      ...optional.filter((tag) => known.has(tag)),
    ]),
  );
  const lists = metrics.recordLists.map(({ tag }) => tag);
  const folds = Array.from({ length: groups.groupCount }, () => new Fold(metrics.aggregate, lists));
  const row = new BatchRow();
  const columns = new Set([...groups.columns, ...OUTCOME_COLUMNS, ...read, ...lists]);
  await source.scan([...columns], (batch) => {
    const rowGroups = groups.groupsOf(batch);
    const outcomeOf = rowOutcomes(batch);
    const offsets = lists.map((tag) => batch.list(tag).offsets);
    row.columns = new Map(Array.from(read, (tag) => [tag, batch.numbers(tag)]));
    for (row.index = 0; row.index < batch.rowCount; row.index++) {
      const fold = folds[rowGroups[row.index] ?? NO_GROUP];
      if (fold === undefined) continue;
      const outcome = outcomeOf(row.index);
      fold.counts.add(outcome);
      for (let list = 0; list < lists.length; list++) {
        const ends = offsets[list];
        const length = (ends?.[row.index + 1] ?? 0) - (ends?.[row.index] ?? 0);
        fold.listLengths[list] = (fold.listLengths[list] ?? 0) + length;
      }
      if (outcome === 'cancelled') continue;
      for (const aggregate of fold.aggregates) aggregate.add(row, outcome === 'valid');
    }
  });
  return folds.map(({ aggregates, counts, listLengths }) => ({
    scalars: new Map(aggregates.map(({ metric, value }) => [metric.tag, value])),
    counts,
    listCounts: new Map(lists.map((tag, index) => [tag, listLengths[index] ?? 0])),
  }));
}

class Fold {
  readonly aggregates: readonly AggregateFold[];
  readonly listLengths: number[];
  readonly counts = new RowCounts();

  constructor(aggregates: readonly AggregateMetric[], lists: readonly string[]) {
    this.aggregates = aggregates.map((metric) => new AggregateFold(metric));
    this.listLengths = lists.map(() => 0);
  }
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
