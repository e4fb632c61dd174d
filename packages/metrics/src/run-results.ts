import type { Analysis } from './analyze-records.ts';
import type { RunResults } from './metric-definition.ts';
import type { RecordsAccumulator } from './records-manager.ts';

/** Puts counts and metrics together into what exporters get. `lossReason` says why records are missing, if any are. */
export function createRunResults(
  records: RecordsAccumulator,
  { profiling, warmup, load, timeSlices, violations }: Analysis,
  origin: { readonly epochNs: string },
  lossReason: string,
): RunResults {
  const totals = records.totals('profiling');
  const warmupTotals = records.totals('warmup');
  const lostCount = records.lost;
  const incompleteReason = reasonOf(records, lostCount, lossReason);
  const epochNs = (runNs: number): string => epochNsOf(origin, runNs);
  return {
    profiling,
    ...(warmupTotals.arrived.rows > 0 ? { warmup } : {}),
    errors: totals.errorTable,
    requestCount: totals.arrived.valid,
    errorCount: totals.arrived.errors,
    cancelledCount: totals.arrived.cancelled + warmupTotals.arrived.cancelled,
    lostCount,
    ...(load.length === 0 ? {} : { load }),
    ...(timeSlices === undefined ? {} : { timeSlices }),
    ...(violations.length === 0 ? {} : { violations }),
    wasCancelled: records.wasCancelled,
    isComplete: incompleteReason === undefined,
    ...(incompleteReason === undefined ? {} : { incompleteReason }),
    startEpochNs: epochNs(totals.startNs),
    endEpochNs: epochNs(totals.endNs),
  };
}

/** Wall time of a run time, as it is written; that of the origin where it is unknown. */
export function epochNsOf(origin: { readonly epochNs: string }, runNs: number): string {
  return (BigInt(origin.epochNs) + BigInt(Number.isNaN(runNs) ? 0 : Math.round(runNs))).toString();
}

function reasonOf(records: RecordsAccumulator, lostCount: number, lossReason: string): string | undefined {
  if (lostCount > 0) return `${lostCount} requests left no record: ${lossReason}`;
  if (!records.creditsComplete) return lossReason;
  return records.wasCancelled ? 'the run was cancelled before it had sent all its requests' : undefined;
}
