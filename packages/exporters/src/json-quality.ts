import type { LoadReport, MetricResult, RunResults } from '@aiperf/metrics';
import { floatJson } from './json-metrics.ts';
import { isFinite } from './result-order.ts';

/**
 * What the run says about its own numbers, for the key `quality` of the summary: statistics with their uncertainty, the load that was
 * delivered, and contradictions. Absent parts are `undefined` and left out when it is written.
 */
export function qualityObject(results: RunResults): object {
  const { load, violations, hostTuning, cancelledCount, lostCount } = results;
  return {
    cancelled_request_count: cancelledCount,
    lost_request_count: lostCount,
    load: load?.map(loadObject),
    violations: violations?.map(({ rule, count, example }) => ({ rule, count, example })),
    host_tuning: hostTuning,
    statistics: statisticsObject(results.profiling),
  };
}

function loadObject(report: LoadReport): object {
  const { interArrival, sendLagMs } = report;
  return {
    phase: report.phase,
    mode: report.mode,
    verdict: report.verdict,
    reason: report.reason,
    sent: report.sent,
    completed: report.completed,
    failed: report.failed,
    cancelled: report.cancelled,
    lost: report.lost,
    never_sent: report.neverSent,
    sessions: report.sessions,
    asked_rate_per_sec: float(report.askedRatePerSec),
    achieved_rate_per_sec: float(report.achievedRatePerSec),
    inter_arrival:
      interArrival === undefined
        ? undefined
        : {
            mean_ms: float(interArrival.meanMs),
            coefficient_of_variation: float(interArrival.coefficientOfVariation),
            ks_distance: float(interArrival.ksDistance),
            ks_critical: float(interArrival.ksCritical),
          },
    send_lag_ms:
      sendLagMs === undefined
        ? undefined
        : { p50: float(sendLagMs.p50), p99: float(sendLagMs.p99), max: float(sendLagMs.max) },
  };
}

/** Metrics that have something to add to their entry in the summary, by tag. */
function statisticsObject(metrics: readonly MetricResult[]): object | undefined {
  const entries = metrics.flatMap(({ tag, p99_9, confidence, uncertain }) => {
    const intervals = Object.entries(confidence ?? {}).filter(([, [low, high]]) => isFinite(low) && isFinite(high));
    const entry = {
      p99_9: float(p99_9),
      confidence:
        intervals.length === 0
          ? undefined
          : Object.fromEntries(intervals.map(([name, [low, high]]) => [name, [floatJson(low), floatJson(high)]])),
      uncertain: uncertain === undefined || uncertain.length === 0 ? undefined : uncertain,
    };
    return Object.values(entry).some((value) => value !== undefined) ? [[tag, entry] as const] : [];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function float(value: number | undefined): object | undefined {
  return isFinite(value) ? floatJson(value) : undefined;
}
