import type { DerivedMetric, RunValues } from '../metric.ts';
import type { Summary } from '../stats/summary.ts';

const OFFSET = 'replay_send_schedule_offset';
/** A replay whose slowest hundredth is later than this is not the recorded load any more. */
const DEGRADED_LAG_MS = 500;
const NS_PER_MS = 1e6;

/** A percentile of the offsets from the earliest one: a delay that all requests share is no infidelity. */
function lagMs(run: RunValues, percentile: keyof Pick<Summary, 'p50' | 'p90' | 'p99'>): number {
  const summary = run.summary(OFFSET);
  return summary === undefined ? Number.NaN : (summary[percentile] - summary.min) / NS_PER_MS;
}

function lagMetric(percentile: 'p50' | 'p90' | 'p99'): DerivedMetric {
  return {
    tag: `replay_sched_lag_${percentile}`,
    header: `Replay Schedule Lag ${percentile}`,
    unit: 'ms',
    kind: 'derived',
    flags: ['fixed_schedule_only'],
    consoleGroup: 'none',
    requires: [OFFSET],
    formula: `${percentile} of ${OFFSET} - its minimum`,
    compute: (run) => lagMs(run, percentile),
  };
}

/** How faithfully a recorded schedule was kept. */
export const replayScheduleLag: readonly DerivedMetric[] = [
  lagMetric('p50'),
  lagMetric('p90'),
  lagMetric('p99'),
  {
    tag: 'replay_sched_degraded',
    header: 'Replay Schedule Degraded',
    unit: 'count',
    kind: 'derived',
    flags: ['fixed_schedule_only'],
    consoleGroup: 'none',
    requires: [OFFSET],
    formula: `1 when replay_sched_lag_p99 is above ${DEGRADED_LAG_MS} ms, else 0`,
    compute: (run) => {
      const p99Ms = lagMs(run, 'p99');
      return Number.isNaN(p99Ms) ? Number.NaN : Number(p99Ms > DEGRADED_LAG_MS);
    },
  },
];
