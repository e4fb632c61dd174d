import type { ArrivalPattern } from '@aiperf/config';
import { gammaShareBelow } from './incomplete-gamma.ts';

/** Distribution function of an interval between arrivals, in units of the mean interval: how likely one of at most `x` is. */
export type IntervalLaw = (x: number) => number;

/**
 * The law that random arrivals follow; `undefined` where the intervals are not random. With a rate that changes, it is the law of the
 * intervals in expected requests (the rate's integral), not in seconds.
 */
export function intervalLaw(pattern: ArrivalPattern, smoothness: number): IntervalLaw | undefined {
  switch (pattern) {
    case 'poisson':
      return (x) => (x <= 0 ? 0 : -Math.expm1(-x));
    case 'gamma':
      return (x) => gammaShareBelow(smoothness, x * smoothness);
    case 'constant':
    case 'concurrency_burst':
      return undefined;
  }
}

/**
 * Kolmogorov-Smirnov distance of a sample from a law: the largest difference between the share of the sample up to a value and the share
 * that the law gives. `intervals` in units of the mean interval, in any order. Above 1.63 / sqrt(n) for one sample of a hundred by chance.
 */
export function ksDistance(intervals: ArrayLike<number>, law: IntervalLaw): number {
  const sorted = Float64Array.from(intervals).sort();
  let distance = 0;
  for (let i = 0; i < sorted.length; i += 1) {
    const expected = law(sorted[i] ?? Number.NaN);
    distance = Math.max(distance, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  }
  return distance;
}
