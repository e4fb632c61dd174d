import type { ClockOrigin } from '@aiperf/config';
import type { RunResults } from './metric-definition.ts';
import type { RecordsAccumulator } from './records-manager.ts';
import type { KindResults } from './summarize-records.ts';

/** Puts counts and metrics together into what exporters get. `lossReason` says why records are missing, if any are. */
export function createRunResults(
  records: RecordsAccumulator,
  { profiling, warmup }: KindResults,
  origin: ClockOrigin,
  lossReason: string,
): RunResults {
  const totals = records.totals('profiling');
  const warmupTotals = records.totals('warmup');
  const lostCount = records.lost;
  const incompleteReason = reasonOf(records, lostCount, lossReason);
  const epochNs = (runNs: number): string =>
    (BigInt(origin.epochNs) + BigInt(Number.isNaN(runNs) ? 0 : Math.round(runNs))).toString();
  return {
    profiling,
    ...(warmupTotals.rows > 0 ? { warmup } : {}),
    errors: totals.errorTable,
    requestCount: totals.rows - totals.errors - totals.cancelled,
    errorCount: totals.errors,
    cancelledCount: totals.cancelled + warmupTotals.cancelled,
    lostCount,
    wasCancelled: records.wasCancelled,
    isComplete: incompleteReason === undefined,
    ...(incompleteReason === undefined ? {} : { incompleteReason }),
    startEpochNs: epochNs(totals.startNs),
    endEpochNs: epochNs(totals.endNs),
  };
}

function reasonOf(records: RecordsAccumulator, lostCount: number, lossReason: string): string | undefined {
  if (lostCount > 0) return `${lostCount} requests left no record: ${lossReason}`;
  if (!records.creditsComplete) return lossReason;
  return records.wasCancelled ? 'the run was cancelled before it had sent all its requests' : undefined;
}
