/** Percentiles that get a confidence interval. */
export const CONFIDENCE_PERCENTS = [50, 90, 99] as const;
/** Probability left out at each end of a 95 % interval. */
const TAIL = 0.025;
/** Terms further from the mean than this are below 1e-30 of the whole. */
const REACH_DEVIATIONS = 12;
const REACH_MIN = 60;

/** 0-based ranks of the order statistics that enclose a percentile. */
export interface RankInterval {
  readonly low: number;
  readonly high: number;
}

/**
 * The order statistics between which a percentile of the population lies with a probability of at least 95 %, whatever its distribution:
 * the number of sample values below it is binomial with `count` trials of probability q. Each side leaves out at most 2.5 %. The
 * binomial is summed exactly, at every size. `undefined` where the sample is too small to have such an interval, such as for the
 * p99 of 300 values.
 */
export function confidenceRanks(count: number, percent: number): RankInterval | undefined {
  const { first, weights } = binomialWeights(count, percent / 100);
  // Compared as parts of the whole, so that the sum needs no scale.
  const limit = weights.reduce((sum, weight) => sum + weight, 0) * TAIL;
  // With X of the sample below the percentile, the 1-based order statistic l is above it when X < l, and u is not above it when X >= u.
  let low = first;
  for (let below = 0; below + (weights[low - first] ?? 0) <= limit; low++) below += weights[low - first] ?? 0;
  let high = first + weights.length;
  for (let above = 0; above + (weights[high - 1 - first] ?? 0) <= limit; high--)
    above += weights[high - 1 - first] ?? 0;
  return low < 1 || high > count ? undefined : { low: low - 1, high: high - 1 };
}

/** Terms of the binomial distribution relative to the largest, by the number of successes from `first` on; the rest is nothing. */
function binomialWeights(
  count: number,
  probability: number,
): { readonly first: number; readonly weights: Float64Array } {
  const mean = count * probability;
  const reach = Math.max(REACH_MIN, REACH_DEVIATIONS * Math.sqrt(mean * (1 - probability)));
  const first = Math.max(0, Math.floor(mean - reach));
  const last = Math.min(count, Math.ceil(mean + reach));
  const weights = new Float64Array(last - first + 1);
  const mode = Math.min(last, Math.floor((count + 1) * probability));
  weights[mode - first] = 1;
  const odds = probability / (1 - probability);
  for (let k = mode; k < last; k++) {
    weights[k + 1 - first] = ((weights[k - first] ?? 0) * (count - k) * odds) / (k + 1);
  }
  for (let k = mode; k > first; k--) {
    weights[k - 1 - first] = ((weights[k - first] ?? 0) * k) / ((count - k + 1) * odds);
  }
  return { first, weights };
}
