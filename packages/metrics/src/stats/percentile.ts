/** Ranks that a summary states, in percent, in the order of the exported files. */
export const PERCENTILES = [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9] as const;

/** Key of a percentile in a summary: a dot would not do in a name. */
export type PercentileName = 'p1' | 'p5' | 'p10' | 'p25' | 'p50' | 'p75' | 'p90' | 'p95' | 'p99' | 'p99_9';

/** One name per entry of {@link PERCENTILES}. */
export const PERCENTILE_NAMES: readonly PercentileName[] = [
  'p1',
  'p5',
  'p10',
  'p25',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'p99_9',
];

/** The two order statistics that a percentile lies between, and the weight of the upper one. */
export interface PercentilePosition {
  /** 0-based ranks in the ascending sample. */
  readonly lower: number;
  readonly upper: number;
  /** 0..1. */
  readonly weight: number;
}

/** Where the percentile of a sample of `count` values lies: at the 0-based position `(count - 1) * percent / 100`. */
export function percentilePosition(count: number, percent: number): PercentilePosition {
  const position = (count - 1) * (percent / 100);
  const lower = Math.floor(position);
  if (position >= count - 1) return { lower: count - 1, upper: count - 1, weight: 0 };
  return { lower, upper: lower + 1, weight: position - lower };
}

/**
 * Linear interpolation from whichever end is nearer, as numpy does it, so that the result equals numpy's bit for bit and never
 * leaves the interval.
 */
export function interpolate(lower: number, upper: number, weight: number): number {
  const distance = upper - lower;
  return weight >= 0.5 ? upper - distance * (1 - weight) : lower + distance * weight;
}

/** Exact percentile of an ascending sample by linear interpolation (numpy's default method). NaN for an empty sample. */
export function percentileOfSorted(sorted: Float64Array, percent: number): number {
  if (sorted.length === 0) return Number.NaN;
  const { lower, upper, weight } = percentilePosition(sorted.length, percent);
  return interpolate(sorted[lower] ?? Number.NaN, sorted[upper] ?? Number.NaN, weight);
}

/**
 * Percentiles of which a sample of this size says little more than that they are near its extreme: it is smaller than 1 / (1 - q), or
 * 1 / q below the median.
 */
export function uncertainPercentiles(count: number): PercentileName[] {
  // In whole thousandths, since 1 - 0.999 is not 0.001.
  return PERCENTILE_NAMES.filter((_, index) => {
    const thousandths = Math.round((PERCENTILES[index] ?? 0) * 10);
    return count * Math.min(thousandths, 1000 - thousandths) < 1000;
  });
}
