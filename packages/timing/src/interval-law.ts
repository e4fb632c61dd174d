import type { ArrivalPattern } from '@aiperf/config';

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
      return (x) => (x <= 0 ? 0 : lowerGammaShare(smoothness, x * smoothness));
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

/** Terms of the series and of the continued fraction below; both have converged long before for the shapes that occur. */
const TERM_LIMIT = 10_000;
const PRECISION = 1e-15;

/** Share of a gamma distribution with this shape and scale 1 that lies below `x`: the series where it converges fast, else the continued fraction. */
function lowerGammaShare(shape: number, x: number): number {
  const scale = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let n = 1; n < TERM_LIMIT && Math.abs(term) > Math.abs(sum) * PRECISION; n += 1) {
      term *= x / (shape + n);
      sum += term;
    }
    return Math.min(1, sum * scale);
  }
  // Lentz's method.
  let b = x + 1 - shape;
  let c = Number.MAX_VALUE;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < TERM_LIMIT; n += 1) {
    const a = -n * (n - shape);
    b += 2;
    d = 1 / (a * d + b);
    c = b + a / c;
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < PRECISION) break;
  }
  return Math.max(0, 1 - scale * fraction);
}

/** Stirling's series, after the argument was moved up to where its terms are small. */
function logGamma(value: number): number {
  let shift = 0;
  let x = value;
  for (; x < 20; x += 1) shift += Math.log(x);
  const inverseSquare = 1 / (x * x);
  const series = (1 / 12 - inverseSquare * (1 / 360 - inverseSquare * (1 / 1260 - inverseSquare / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
