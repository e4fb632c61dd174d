import type { MetricResult } from '@aiperf/metrics';

/** Key of a number in a metric result. */
export type Statistic = Exclude<keyof MetricResult, 'tag' | 'header' | 'unit' | 'confidence' | 'uncertain'>;

/** Statistics in the order of a metric object. */
export const STATISTICS: readonly Statistic[] = [
  'avg',
  'p1',
  'p5',
  'p10',
  'p25',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'min',
  'max',
  'std',
  'count',
  'sum',
];

const PERCENTILES = STATISTICS.filter((statistic) => /^p\d/.test(statistic));

/** Whether a metric has more to say than one number. */
export function hasPercentiles(result: MetricResult): boolean {
  return PERCENTILES.some((statistic) => isFinite(result[statistic]));
}

/** Whether a statistic is there and a number that may be written. */
export function isFinite(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}

/** Sorted by tag in code point order, the same on every machine. */
export function byTag(results: readonly MetricResult[]): MetricResult[] {
  return results.toSorted((a, b) => (a.tag < b.tag ? -1 : Number(a.tag > b.tag)));
}
