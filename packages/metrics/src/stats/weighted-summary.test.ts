import { array, assert as assertProperty, constantFrom, double, integer, oneof, property, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WeightedSummary } from './weighted-summary.ts';

type Pair = readonly [value: number, weight: number];

const QUANTILES = [0.001, 0.25, 0.5, 0.9, 0.99, 1];

function summarized(pairs: readonly Pair[]): { readonly summary: WeightedSummary; readonly passes: number } {
  const summary = new WeightedSummary((weight) => QUANTILES.map((q) => q * weight));
  let passes = 0;
  while (!summary.isDone) {
    for (const [value, weight] of pairs) summary.add(value, weight);
    summary.endPass();
    passes++;
  }
  return { summary, passes };
}

/** The definition: the first value whose cumulative share of the weight reaches q. */
function quantile(pairs: readonly Pair[], q: number): number {
  const sorted = pairs.toSorted(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  let weight = 0;
  for (const [value, part] of sorted) {
    weight += part;
    if (weight >= q * total) return value;
  }
  return Number.NaN;
}

describe('WeightedSummary', () => {
  const value = oneof(
    integer({ min: 0, max: 8 }),
    double({ min: 0, max: 1e12, noNaN: true }),
    constantFrom(0, 5e-324, 1e308),
  );

  test('quantiles are those of the definition, moments those of every unit of weight', () => {
    assertProperty(
      property(array(tuple(value, integer({ min: 1, max: 1000 })), { minLength: 1, maxLength: 200 }), (pairs) => {
        const { summary } = summarized(pairs);
        const { weight, min, max } = summary.moments ?? { weight: 0, min: 0, max: 0 };
        for (const q of QUANTILES) expect(summary.valueAt(q * weight)).toBe(quantile(pairs, q));
        expect([min, max]).toEqual([Math.min(...pairs.map(([one]) => one)), Math.max(...pairs.map(([one]) => one))]);
      }),
    );
  });

  test('mean and deviation are weighted', () => {
    const { moments } = summarized([
      [1, 3],
      [5, 1],
    ]).summary;
    expect(moments).toEqual({ weight: 4, avg: 2, squares: 12, min: 1, max: 5 });
  });

  test('a hundred thousand different values in one bucket take three passes, and as many equal ones a single one', () => {
    const different = Array.from({ length: 100_000 }, (_, index): Pair => [
      1 + ((index * 7919) % 100_003) / 100_003,
      1,
    ]);
    const { summary, passes } = summarized(different);
    expect(passes).toBe(3);
    expect(summary.valueAt(50_000)).toBe(quantile(different, 0.5));
    expect(summarized(Array.from({ length: 100_000 }, (): Pair => [4, 1])).passes).toBe(1);
  });

  test('nothing has no moments', () => {
    expect(summarized([]).summary.moments).toBeUndefined();
  });
});
