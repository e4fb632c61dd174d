import { createRandomSource } from '@aiperf/dataset';
import { describe, expect, test } from 'vitest';
import { confidenceRanks } from './confidence.ts';
import { percentileOfSorted, uncertainPercentiles } from './percentile.ts';
import { summarize } from './summary.ts';

/** Binomial probability of at most `k`, each term by itself. */
function binomialAtMost(k: number, count: number, probability: number): number {
  let sum = 0;
  let logWays = 0;
  for (let n = 0; n <= k; n++) {
    sum += Math.exp(logWays + n * Math.log(probability) + (count - n) * Math.log1p(-probability));
    logWays += Math.log(count - n) - Math.log(n + 1);
  }
  return sum;
}

describe('confidenceRanks', () => {
  test.for([
    [6, 50, 0, 5],
    [10, 50, 1, 8],
    [100, 50, 39, 60],
    [100, 90, 83, 95],
    [1000, 99, 982, 996],
  ] as const)('of %i values, p%i lies between ranks %i and %i', ([count, percent, low, high]) => {
    expect(confidenceRanks(count, percent)).toEqual({ low, high });
  });

  test('the ends are the narrowest that leave at most 2.5 % out, at every small size', () => {
    let found = 0;
    for (const percent of [50, 90, 99]) {
      for (let count = 1; count <= 1000; count += count < 60 ? 1 : 97) {
        const ranks = confidenceRanks(count, percent);
        const q = percent / 100;
        if (ranks === undefined) {
          const isTooSmall = binomialAtMost(0, count, q) > 0.025 || 1 - binomialAtMost(count - 1, count, q) > 0.025;
          expect(isTooSmall, `p${percent} of ${count}`).toBe(true);
          continue;
        }
        found++;
        expect(binomialAtMost(ranks.low, count, q)).toBeLessThanOrEqual(0.025 + 1e-9);
        expect(binomialAtMost(ranks.low + 1, count, q)).toBeGreaterThan(0.025 - 1e-9);
        expect(1 - binomialAtMost(ranks.high, count, q)).toBeLessThanOrEqual(0.025 + 1e-9);
        expect(1 - binomialAtMost(ranks.high - 1, count, q)).toBeGreaterThan(0.025 - 1e-9);
      }
    }
    expect(found).toBeGreaterThan(100);
  });

  test('of ten million values it is as narrow as the normal law says', () => {
    const count = 10_000_000;
    const { low, high } = confidenceRanks(count, 99) ?? { low: 0, high: 0 };
    const halfWidth = 1.959964 * Math.sqrt(count * 0.99 * 0.01);
    expect(Math.abs(low - (count * 0.99 - halfWidth))).toBeLessThan(3);
    expect(Math.abs(high - (count * 0.99 + halfWidth))).toBeLessThan(3);
  });

  test.for([
    [20, 50],
    [60, 90],
    [1000, 99],
    [500, 50],
  ] as const)('of samples of %i values, 95 in 100 enclose the true p%i', ([count, percent]) => {
    const random = createRandomSource(count + percent).stream('coverage');
    const trials = 4000;
    // The order statistics of uniform values are those of any law, since the law's own scale keeps their order.
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const sample = Float64Array.from({ length: count }, () => random.nextUniform());
      const [low, high] = summarize(sample)?.confidence[`p${percent}` as 'p50'] ?? [Number.NaN, Number.NaN];
      if (low <= percent / 100 && percent / 100 <= high) covered++;
    }
    // Three standard errors of the simulation below 95 %, and not far above: an interval of everything would be of no use.
    expect(covered / trials).toBeGreaterThan(0.95 - 3 * Math.sqrt((0.95 * 0.05) / trials));
    expect(covered / trials).toBeLessThan(0.99);
  });
});

describe('uncertainPercentiles', () => {
  test.for([
    [1, ['p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99_9']],
    [10, ['p1', 'p5', 'p95', 'p99', 'p99_9']],
    [99, ['p1', 'p99', 'p99_9']],
    [100, ['p99_9']],
    [999, ['p99_9']],
    [1000, []],
  ] as const)('of %i values: %j', ([count, names]) => {
    expect(uncertainPercentiles(count)).toEqual(names);
  });

  test('an uncertain percentile is interpolated from the extreme value itself', () => {
    const sorted = Float64Array.from({ length: 99 }, (_, index) => index);
    expect(percentileOfSorted(sorted, 99)).toBeGreaterThan(97);
  });
});
