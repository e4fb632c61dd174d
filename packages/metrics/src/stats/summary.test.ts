import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { percentileOfSorted } from './percentile.ts';
import { summarize } from './summary.ts';
import { NUMPY_SUMMARIES, type NumpySummary } from './summary.test.golden.ts';

/** The generator that made numpy's samples: uniform, whole numbers of about ten digits, and a heavy tail. */
function sampleOf({ seed, count }: NumpySummary): Float64Array {
  let state = seed * 7919 + count;
  return Float64Array.from({ length: count }, () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    const uniform = state / 2 ** 32;
    if (seed === 1) return uniform * 1e6;
    return seed === 2 ? Math.floor(uniform * 1e10) + 1e9 : 1 / (uniform + 1e-9);
  });
}

/** Distance in units in the last place. */
function ulps(a: number, b: number): number {
  const bits = (value: number): bigint => new BigInt64Array(new Float64Array([value]).buffer)[0] ?? 0n;
  return Number(bits(a) - bits(b));
}

describe('summarize', () => {
  test.for(NUMPY_SUMMARIES.map((golden) => [golden.count, golden.seed, golden] as const))(
    'equals numpy for %i values of sample %i',
    ([, , golden]) => {
      const sorted = sampleOf(golden).sort();
      const summary = summarize(sampleOf(golden));
      expect(summary).toBeDefined();
      if (summary === undefined) return;
      expect(summary.count).toBe(golden.count);
      expect([summary.min, summary.max]).toEqual([golden.min, golden.max]);
      for (const [index, percent] of [1, 5, 10, 25, 50, 75, 90, 95, 99].entries()) {
        const expected = golden.percentiles[index] ?? Number.NaN;
        expect(Math.abs(ulps(percentileOfSorted(sorted, percent), expected))).toBeLessThanOrEqual(1);
      }
      expect(summary.p99).toBe(percentileOfSorted(sorted, 99));
      for (const name of ['avg', 'sum', 'std'] as const) {
        expect(Math.abs(summary[name] - golden[name])).toBeLessThanOrEqual(Math.abs(golden[name]) * 1e-12);
      }
    },
  );

  test('an empty sample has no summary', () => {
    expect(summarize(new Float64Array(0))).toBeUndefined();
    expect(percentileOfSorted(new Float64Array(0), 50)).toBeNaN();
  });

  test('sums do not drift: a million times 0.1 beside 1e9', () => {
    const values = new Float64Array(1_000_001).fill(0.1);
    values[0] = 1e9;
    expect(summarize(values)?.sum).toBeCloseTo(1_000_100_000, 6);
  });

  test('the order of the sample makes no difference, to the last bit', () => {
    const value = fc.oneof(fc.constantFrom(-0, 0, 1), fc.double({ noNaN: true, min: -1e300, max: 1e300 }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (sample) => {
        const sorted = Float64Array.from(sample).sort();
        const given = Float64Array.from(sample);
        expect(summarize(given)).toStrictEqual(summarize(Float64Array.from(sorted)));
        expect([...given]).toStrictEqual([...sorted]);
        expect(summarize(Float64Array.from(sorted).reverse())).toStrictEqual(summarize(sorted));
      }),
    );
  });

  test('percentiles are ordered and within the sample', () => {
    const finite = fc.double({ noNaN: true, min: -1e300, max: 1e300 });
    fc.assert(
      fc.property(
        fc.float64Array({ minLength: 1, maxLength: 60, noNaN: true, min: -1e300, max: 1e300 }),
        finite,
        (sample, extra) => {
          const summary = summarize(Float64Array.from([...sample, extra]));
          if (summary === undefined) throw new Error('no summary');
          const { min, p1, p5, p10, p25, p50, p75, p90, p95, p99, max } = summary;
          const ladder = [min, p1, p5, p10, p25, p50, p75, p90, p95, p99, max];
          expect(ladder.every((value, index) => index === 0 || (ladder[index - 1] ?? Number.NaN) <= value)).toBe(true);
        },
      ),
    );
  });
});
