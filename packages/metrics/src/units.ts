import type { MetricUnit } from './metric-definition.ts';
import { MetricsError } from './metrics-error.ts';

const NS_PER_UNIT: ReadonlyMap<MetricUnit, number> = new Map([
  ['ns', 1],
  ['ms', 1e6],
  ['sec', 1e9],
]);
const BYTES_PER_UNIT: ReadonlyMap<MetricUnit, number> = new Map([
  ['B', 1],
  ['KB', 1024],
  ['MB', 1024 * 1024],
]);

/** By what a number in `from` is divided to be in `to`. Throws `AIPERF_METRICS_UNIT_MISMATCH` when there is no such factor. */
export function unitDivisor(from: MetricUnit, to: MetricUnit): number {
  if (from === to) return 1;
  for (const scale of [NS_PER_UNIT, BYTES_PER_UNIT]) {
    const own = scale.get(from);
    const wanted = scale.get(to);
    if (own !== undefined && wanted !== undefined) return wanted / own;
  }
  throw new MetricsError('AIPERF_METRICS_UNIT_MISMATCH', `Cannot convert from '${from}' to '${to}'.`);
}
