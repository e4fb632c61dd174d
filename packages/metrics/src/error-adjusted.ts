import type { MetricDefinition, MetricResult } from './metric-definition.ts';
import { PERCENTILE_NAMES, PERCENTILES } from './stats/percentile.ts';
import { unitDivisor } from './units.ts';

/** Whether percentiles of this metric are also stated with failed requests counted as infinitely slow. */
export function isErrorAdjusted({ flags }: Pick<MetricDefinition, 'flags'>): boolean {
  return flags.includes('percentile_includes_failed_requests');
}

/** Nearest rank at `(count - 1) * percent / 100`, a half going to the even one, as numpy's method `nearest`. */
function nearestRank(count: number, percent: number): number {
  const position = (count - 1) * (percent / 100);
  const lower = Math.floor(position);
  const rest = position - lower;
  if (rest !== 0.5) return rest < 0.5 ? lower : lower + 1;
  return lower % 2 === 0 ? lower : lower + 1;
}

/** Ranks of the good values that the percentiles of good and failed requests together fall on. */
export function adjustedRanks(goodCount: number, failedCount: number): number[] {
  return PERCENTILES.map((percent) => nearestRank(goodCount + failedCount, percent)).filter((rank) => rank < goodCount);
}

type AdjustableMetric = Pick<MetricDefinition, 'tag' | 'header' | 'unit' | 'displayUnit'>;

function adjustedTag({ tag }: Pick<AdjustableMetric, 'tag'>): string {
  return `adj_${tag}`;
}

function adjustedHeader({ header }: Pick<AdjustableMetric, 'header'>): string {
  return `${header} (error-adjusted)`;
}

/** What is said about the companions of these metrics. */
export function errorAdjustedDefinitions(metrics: readonly MetricDefinition[]): MetricDefinition[] {
  return metrics.filter(isErrorAdjusted).map((metric) => ({
    tag: adjustedTag(metric),
    header: adjustedHeader(metric),
    unit: metric.unit,
    displayUnit: metric.displayUnit ?? metric.unit,
    kind: 'derived_record',
    flags: [],
    consoleGroup: metric.consoleGroup,
    formula: `${metric.tag}, with every failed request as infinitely long; only when one failed`,
    requires: [metric.tag],
  }));
}

/**
 * The `adj_` companion of a latency: every failed request is an infinitely long one, above all the others. Percentiles by nearest rank,
 * since nothing lies between a number and infinity. What is infinite is left out: always the mean, the maximum, the sum, and the
 * percentiles that fall on failed requests.
 */
export function errorAdjusted(
  metric: AdjustableMetric,
  good: { readonly count: number; readonly min: number; readonly valueAt: (rank: number) => number },
  failedCount: number,
): MetricResult {
  const unit = metric.displayUnit ?? metric.unit;
  const divisor = unitDivisor(metric.unit, unit);
  const count = good.count + failedCount;
  const percentiles = PERCENTILES.flatMap((percent, index) => {
    const rank = nearestRank(count, percent);
    const name = PERCENTILE_NAMES[index];
    return rank < good.count && name !== undefined ? [[name, good.valueAt(rank) / divisor] as const] : [];
  });
  return {
    tag: adjustedTag(metric),
    header: adjustedHeader(metric),
    unit,
    ...Object.fromEntries(percentiles),
    min: good.min / divisor,
    count,
  };
}
