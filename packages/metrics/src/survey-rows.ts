import { BatchTimes } from './batch-times.ts';
import type { MetricSet } from './metric-set.ts';
import type { RecordSink } from '@aiperf/records/file';
import { OUTCOME_COLUMNS, RowCounts, rowOutcomes } from './row-counts.ts';
import { createRowChecks, type RowChecks } from './row-checks.ts';

/** What the rows of one phase say together. Times are run nanoseconds. */
export class PhaseSurvey extends RowCounts {
  /** Rows of first turns. */
  sessions = 0;
  /** First start and last end of all its requests, whatever became of them; infinities the other way round without any. */
  firstStartNs: number = Number.POSITIVE_INFINITY;
  lastEndNs: number = Number.NEGATIVE_INFINITY;
  /** Rows with a start; with a due time; with both: what never reached a connection was due and has no start. */
  started = 0;
  due = 0;
  sentDue = 0;
  firstDueNs: number = Number.POSITIVE_INFINITY;
  lastDueNs: number = Number.NEGATIVE_INFINITY;
  /** Of those with both. */
  firstSentDueNs: number = Number.POSITIVE_INFINITY;
  lastSentDueNs: number = Number.NEGATIVE_INFINITY;
}

/** What one pass over all rows says about them. */
export interface RowSurvey {
  readonly phases: ReadonlyMap<number, Readonly<PhaseSurvey>>;
  readonly batchTimes: BatchTimes;
  readonly checks: RowChecks;
}

/** Columns that every row has. */
const COLUMNS = [
  'phase_index',
  'turn_index',
  ...OUTCOME_COLUMNS,
  'request_start_offset_ns',
  'request_end_offset_ns',
  'due_offset_ns',
  'resend_ns',
] as const;

/** Looks at every row once: when what happened, and whether each row agrees with itself. */
export async function surveyRows(source: Pick<RecordSink, 'scan'>, metrics: MetricSet): Promise<RowSurvey> {
  const phases = new Map<number, PhaseSurvey>();
  const batchTimes = new BatchTimes();
  const checks = createRowChecks(metrics);
  await source.scan([...new Set([...COLUMNS, ...checks.columns])], (batch) => {
    const indexes = batch.numbers('phase_index');
    const turns = batch.numbers('turn_index');
    const outcomeOf = rowOutcomes(batch);
    const starts = batch.numbers('request_start_offset_ns');
    const ends = batch.numbers('request_end_offset_ns');
    const dues = batch.numbers('due_offset_ns');
    const resends = batch.numbers('resend_ns');
    let batchStartNs = Number.POSITIVE_INFINITY;
    let batchEndNs = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < batch.rowCount; row++) {
      const phase = phaseOf(phases, indexes[row] ?? -1);
      phase.add(outcomeOf(row));
      if (turns[row] === 0) phase.sessions++;
      // Comparisons with NaN are false, so what is unknown changes nothing.
      const startNs = (starts[row] ?? Number.NaN) - (resends[row] ?? 0);
      const endNs = ends[row] ?? Number.NaN;
      const dueNs = dues[row] ?? Number.NaN;
      if (startNs < phase.firstStartNs) phase.firstStartNs = startNs;
      // A request whose end is unknown was there at its start.
      const lastNs = Number.isNaN(endNs) ? startNs : endNs;
      if (lastNs > phase.lastEndNs) phase.lastEndNs = lastNs;
      if (dueNs < phase.firstDueNs) phase.firstDueNs = dueNs;
      if (dueNs > phase.lastDueNs) phase.lastDueNs = dueNs;
      if (!Number.isNaN(dueNs)) phase.due++;
      if (!Number.isNaN(startNs)) {
        phase.started++;
        if (!Number.isNaN(dueNs)) phase.sentDue++;
        if (dueNs < phase.firstSentDueNs) phase.firstSentDueNs = dueNs;
        if (dueNs > phase.lastSentDueNs) phase.lastSentDueNs = dueNs;
      }
      if (startNs < batchStartNs) batchStartNs = startNs;
      if (lastNs > batchEndNs) batchEndNs = lastNs;
    }
    batchTimes.add(batchStartNs, batchEndNs);
    checks.check(batch);
  });
  return { phases, batchTimes, checks };
}

function phaseOf(phases: Map<number, PhaseSurvey>, index: number): PhaseSurvey {
  let phase = phases.get(index);
  if (phase === undefined) {
    phase = new PhaseSurvey();
    phases.set(index, phase);
  }
  return phase;
}
