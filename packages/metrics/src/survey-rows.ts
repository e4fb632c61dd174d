import { BatchTimes } from './batch-times.ts';
import type { MetricSet } from './metric-set.ts';
import type { RecordSink } from '@aiperf/records/file';
import { createRowChecks, type RowChecks } from './row-checks.ts';

/** What the rows of one phase say together. Times are run nanoseconds. */
export interface PhaseSurvey {
  rows: number;
  valid: number;
  failed: number;
  cancelled: number;
  /** Rows of first turns. */
  sessions: number;
  /** First start and last end of all its requests, whatever became of them; infinities the other way round without any. */
  firstStartNs: number;
  lastEndNs: number;
  /** Rows with a start; with a due time; with both: what never reached a connection was due and has no start. */
  started: number;
  due: number;
  sentDue: number;
  firstDueNs: number;
  lastDueNs: number;
  /** Of those with both. */
  firstSentDueNs: number;
  lastSentDueNs: number;
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
  'valid',
  'was_cancelled',
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
    const valid = batch.numbers('valid');
    const cancelled = batch.numbers('was_cancelled');
    const starts = batch.numbers('request_start_offset_ns');
    const ends = batch.numbers('request_end_offset_ns');
    const dues = batch.numbers('due_offset_ns');
    const resends = batch.numbers('resend_ns');
    let batchStartNs = Number.POSITIVE_INFINITY;
    let batchEndNs = Number.NEGATIVE_INFINITY;
    for (let row = 0; row < batch.rowCount; row++) {
      const phase = phaseOf(phases, indexes[row] ?? -1);
      phase.rows++;
      if (turns[row] === 0) phase.sessions++;
      if (cancelled[row] === 1) phase.cancelled++;
      else if (valid[row] === 1) phase.valid++;
      else phase.failed++;
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
    phase = emptySurvey();
    phases.set(index, phase);
  }
  return phase;
}

/** Of a phase without a row. */
export function emptySurvey(): PhaseSurvey {
  return {
    rows: 0,
    valid: 0,
    failed: 0,
    cancelled: 0,
    sessions: 0,
    firstStartNs: Number.POSITIVE_INFINITY,
    lastEndNs: Number.NEGATIVE_INFINITY,
    started: 0,
    due: 0,
    sentDue: 0,
    firstDueNs: Number.POSITIVE_INFINITY,
    lastDueNs: Number.NEGATIVE_INFINITY,
    firstSentDueNs: Number.POSITIVE_INFINITY,
    lastSentDueNs: Number.NEGATIVE_INFINITY,
  };
}
