import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StreamingSummary } from './streaming-summary.ts';
import { summarize, type Summary } from './summary.ts';

function streamed(values: Float64Array, maxCollected: number): { summary: Summary | undefined; passes: number } {
  const streaming = new StreamingSummary(maxCollected);
  let passes = 0;
  while (!streaming.isDone) {
    for (const value of values) streaming.add(value);
    streaming.endPass();
    passes++;
  }
  return { summary: streaming.result(), passes };
}

/** Sums depend on the order of adding in their last digits; everything else must be the same number. */
function expectSame(streamedSummary: Summary | undefined, exact: Summary | undefined): void {
  if (streamedSummary === undefined || exact === undefined) throw new Error('no summary');
  const { avg, sum, std, ...rest } = streamedSummary;
  const { avg: exactAvg, sum: exactSum, std: exactStd, ...exactRest } = exact;
  expect(rest).toEqual(exactRest);
  const scale = Math.max(Math.abs(exact.min), Math.abs(exact.max)) * exact.count;
  expect(Math.abs(sum - exactSum)).toBeLessThanOrEqual(scale * 1e-15);
  expect(Math.abs(avg - exactAvg)).toBeLessThanOrEqual(scale * 1e-15);
  expect(Math.abs(std - exactStd)).toBeLessThanOrEqual(Math.max(exactStd, scale * 1e-8) * 1e-6);
}

describe('StreamingSummary', () => {
  test('gives what sorting in memory gives, whatever fits in memory', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, min: -1e12, max: 1e12 }),
      fc.integer({ min: 0, max: 50 }),
      fc.constantFrom(1e9, 1e9 + 1, 1e9 + 2),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 300 }), fc.integer({ min: 0, max: 40 }), (values, max) => {
        // -0 and 0 are equal values; the order of bits would tell them apart.
        const sample = Float64Array.from(values, (entry) => entry + 0);
        expectSame(streamed(sample, max).summary, summarize(sample.slice()));
      }),
      { numRuns: 60 },
    );
  });

  test('needs two passes when the buckets of the ranks fit, and five at most', () => {
    const values = Float64Array.from({ length: 20_000 }, (_, index) => ((index * 7919) % 20_011) * 1e5 + 5e8);
    expect(streamed(values, 20_000).passes).toBe(2);
    expect(streamed(values, 0).passes).toBe(5);
    expectSame(streamed(values, 0).summary, summarize(values.slice()));
  });

  test('nothing gives nothing', () => {
    expect(streamed(new Float64Array(0), 10).summary).toBeUndefined();
  });
});
