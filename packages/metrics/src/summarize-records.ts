import { setImmediate } from 'node:timers/promises';
import { createCollector, type ColumnCollector } from './column-summary.ts';
import { adjustedRanks, errorAdjusted, isErrorAdjusted } from './error-adjusted.ts';
import { foldRows, type GroupFold } from './fold-rows.ts';
import type { DerivedRecordMetric, RecordListMetric, RecordMetric, RunValues } from './metric.ts';
import type { MetricSet } from './metric-set.ts';
import type { ColumnBatch, RecordSink } from '@aiperf/records/file';
import { NO_GROUP, type RowGroups } from './row-groups.ts';
import { PhaseValues } from './run-values.ts';
import { summarize } from './stats/summary.ts';

/** Memory for columns during one pass over the file, at most. */
const MAX_COLUMN_BUDGET_BYTES = 256 * 1024 * 1024;
/** What is enough for any run of up to three million rows: more passes over a small file cost next to nothing beside decoding and sorting. */
const MIN_COLUMN_BUDGET_BYTES = 96 * 1024 * 1024;
/** With fewer columns a pass, reading the file over and over would cost as much as all the rest. */
const COLUMNS_PER_PASS = 4;

/** What a summary is made from, and within which memory. */
export interface SummarizeOptions {
  readonly metrics: MetricSet;
  readonly groups: RowGroups;
  /** Length by which the rates of a group divide; absent: by the benchmark's duration within the group. */
  readonly windowNs?: (group: number) => number;
  /** Values of the measured metrics by tag, in their native unit. */
  readonly measured?: MeasuredValues;
  /** Memory for columns during one pass; default 96 to 256 MiB, by the number of rows. */
  readonly columnBudgetBytes?: number;
}

/** What was measured beside the requests, by tag and in native units. */
export type MeasuredValues = ReadonlyMap<string, readonly number[]>;

/** One metric of some neighbouring groups. */
interface Job {
  readonly metric: RecordMetric | RecordListMetric | DerivedRecordMetric;
  readonly firstGroup: number;
  readonly valueCounts: readonly number[];
}

interface RunningJob extends Job {
  readonly collectors: readonly ColumnCollector[];
}

/**
 * Reads stored rows back and computes every metric of the set exactly, in each group of rows. A pass reads as many columns, of as many
 * groups, as fit the budget; a column of one group that does not fit alone is taken in several passes.
 */
export async function summarizeRecords(
  source: Pick<RecordSink, 'rowCount' | 'scan'>,
  { metrics, groups, windowNs, measured = new Map(), ...options }: SummarizeOptions,
): Promise<readonly PhaseValues[]> {
  const folds = await foldRows(source, metrics, groups);
  const values = folds.map(({ scalars, counts }) => {
    const phase = new PhaseValues();
    for (const [tag, value] of scalars) phase.setScalar(tag, value);
    // What was measured during the run says nothing where no request was.
    for (const { tag } of counts.rows > 0 ? metrics.measured : []) {
      phase.setSummary(tag, summarize(Float64Array.from(measured.get(tag) ?? [])));
    }
    return phase;
  });
  await summarizeColumns(source, [...metrics.record, ...metrics.recordLists], { folds, values, groups, ...options });
  for (const [group, phase] of values.entries()) phase.derive(metrics, windowNs?.(group));
  // These need values of the whole group.
  await summarizeColumns(source, metrics.derivedRecord, { folds, values, groups, ...options });
  return values;
}

/** Where the rows of a summary belong, and what is known of the groups so far. */
interface Groups {
  readonly groups: RowGroups;
  readonly folds: readonly GroupFold[];
  readonly values: readonly PhaseValues[];
  readonly columnBudgetBytes?: number;
}

async function summarizeColumns(
  source: Pick<RecordSink, 'scan'>,
  metrics: readonly Job['metric'][],
  { folds, values, groups, columnBudgetBytes }: Groups,
): Promise<void> {
  const columns = metrics.map((metric) => ({
    metric,
    counts: folds.map((fold) =>
      metric.kind === 'record_list' ? (fold.listCounts.get(metric.tag) ?? 0) : fold.counts.rows,
    ),
  }));
  const widestBytes = Math.max(0, ...columns.map(({ counts }) => bytesOf(counts)));
  const budgetBytes = columnBudgetBytes ?? defaultBudgetBytes(widestBytes);
  const waiting = columns.flatMap(({ metric, counts }) => jobsOf(metric, counts, budgetBytes));
  while (waiting.length > 0) {
    const jobs: RunningJob[] = [];
    let roomBytes = budgetBytes;
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const bytes = bytesOf(next.valueCounts);
      if (jobs.length > 0 && bytes > roomBytes) break;
      roomBytes -= bytes;
      waiting.shift();
      jobs.push(startJob(next, folds, budgetBytes));
    }
    await runJobs(source, jobs, groups, values);
    for (const job of jobs) await finishJob(job, values, folds);
  }
}

function bytesOf(valueCounts: readonly number[]): number {
  return valueCounts.reduce((sum, count) => sum + count, 0) * Float64Array.BYTES_PER_ELEMENT;
}

function defaultBudgetBytes(widestBytes: number): number {
  return Math.min(MAX_COLUMN_BUDGET_BYTES, Math.max(MIN_COLUMN_BUDGET_BYTES, COLUMNS_PER_PASS * widestBytes));
}

/** Cuts the groups of a metric into stretches that fit the budget; a group that does not is alone. */
function jobsOf(metric: Job['metric'], counts: readonly number[], budgetBytes: number): Job[] {
  const jobs: { metric: Job['metric']; firstGroup: number; valueCounts: number[] }[] = [];
  let bytes = 0;
  for (const [group, count] of counts.entries()) {
    const last = jobs.at(-1);
    bytes += bytesOf([count]);
    if (last !== undefined && bytes <= budgetBytes) {
      last.valueCounts.push(count);
      continue;
    }
    jobs.push({ metric, firstGroup: group, valueCounts: [count] });
    bytes = bytesOf([count]);
  }
  return jobs;
}

function startJob(job: Job, folds: readonly GroupFold[], budgetBytes: number): RunningJob {
  const collectors = job.valueCounts.map((valueCount, index) => {
    const failedCount = folds[job.firstGroup + index]?.counts.errors ?? 0;
    const isAdjusted = job.metric.kind === 'record' && isErrorAdjusted(job.metric) && failedCount > 0;
    const extraRanks = isAdjusted ? (count: number) => adjustedRanks(count, failedCount) : undefined;
    return createCollector(valueCount, budgetBytes, extraRanks);
  });
  return { ...job, collectors };
}

async function finishJob(
  { metric, firstGroup, collectors }: RunningJob,
  values: readonly PhaseValues[],
  folds: readonly GroupFold[],
): Promise<void> {
  for (const [index, collector] of collectors.entries()) {
    const group = firstGroup + index;
    const summary = collector.result();
    values[group]?.setSummary(metric.tag, summary);
    const failedCount = folds[group]?.counts.errors ?? 0;
    if (metric.kind === 'record' && isErrorAdjusted(metric) && failedCount > 0 && summary !== undefined) {
      const good = { ...summary, valueAt: (rank: number) => collector.valueAt(rank) };
      values[group]?.injected.push(errorAdjusted(metric, good, failedCount));
    }
  }
  // Sorting ten million values takes a second; the bus must be served in between.
  await setImmediate();
}

async function runJobs(
  source: Pick<RecordSink, 'scan'>,
  jobs: readonly RunningJob[],
  groups: RowGroups,
  runs: readonly RunValues[],
): Promise<void> {
  const isOpen = ({ collectors }: RunningJob): boolean => collectors.some(({ isDone }) => !isDone);
  for (let open = jobs.filter(isOpen); open.length > 0; open = open.filter(isOpen)) {
    const tags = new Set([...groups.columns, ...open.map(({ metric }) => columnOf(metric))]);
    await source.scan([...tags], (batch) => {
      const rowGroups = groups.groupsOf(batch);
      for (const job of open) {
        const { metric } = job;
        if (metric.kind === 'record') addScalars(batch.numbers(metric.tag), rowGroups, job);
        else if (metric.kind === 'record_list') addLists(batch.list(metric.tag), rowGroups, job);
        else addScalars(derivedValues(metric, batch, rowGroups, runs), rowGroups, job);
      }
    });
    for (const { collectors } of open) {
      for (const collector of collectors) if (!collector.isDone) collector.endPass();
    }
  }
}

function columnOf(metric: Job['metric']): string {
  return metric.kind === 'derived_record' ? metric.of : metric.tag;
}

function derivedValues(
  metric: DerivedRecordMetric,
  batch: ColumnBatch,
  rowGroups: Int32Array,
  runs: readonly RunValues[],
): Float64Array {
  return batch.numbers(metric.of).map((value, row) => {
    const run = runs[rowGroups[row] ?? NO_GROUP];
    return run === undefined || Number.isNaN(value) ? Number.NaN : metric.compute(value, run);
  });
}

function addScalars(values: Float64Array, rowGroups: Int32Array, { collectors, firstGroup }: RunningJob): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const collector = collectors[(rowGroups[row] ?? NO_GROUP) - firstGroup];
    if (collector !== undefined && !collector.isDone) collector.add(value);
  }
}

function addLists(
  { offsets, values }: ReturnType<ColumnBatch['list']>,
  rowGroups: Int32Array,
  { collectors, firstGroup }: RunningJob,
): void {
  for (let row = 0; row < rowGroups.length; row++) {
    const collector = collectors[(rowGroups[row] ?? NO_GROUP) - firstGroup];
    if (collector === undefined || collector.isDone) continue;
    const end = offsets[row + 1] ?? 0;
    for (let index = offsets[row] ?? 0; index < end; index++) collector.add(values[index] ?? Number.NaN);
  }
}
