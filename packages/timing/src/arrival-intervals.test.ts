import { createRandomSource } from '@aiperf/dataset';
import { describe, expect, test } from 'vitest';
import { arrivalTimes, constantDueNs } from './arrival-intervals.ts';

describe('constantDueNs', () => {
  test.for<[string, number, number, number]>([
    ['the first is due at once', 0, 10, 0],
    ['the first is due at once at any rate', 0, 0.001, 0],
    ['one a second', 3, 1, 3_000_000_000],
    ['a rate below one a second', 2, 0.5, 4_000_000_000],
    ['a period that is no whole number is rounded once', 1, 3, 333_333_333],
    ['roundings do not add up', 3_000_000, 3, 1_000_000_000_000_000],
    ['a million requests at 1,000 a second take 1,000 s to the nanosecond', 1_000_000, 1000, 1_000_000_000_000],
    ['several in one nanosecond', 5, 1e10, 1],
    ['a rate that the clock cannot reach stays finite', 7, 1e300, 0],
    ['104 days at one a second', 9_000_000, 1, 9_000_000_000_000_000],
  ])('%s', ([, k, ratePerSec, expectedNs]) => {
    expect(constantDueNs(k, ratePerSec)).toBe(expectedNs);
  });
});

describe('arrivalTimes', () => {
  const random = createRandomSource(1).stream('arrivals');

  test.for<[string, number]>([
    ['zero', 0],
    ['negative', -1],
    ['not a number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('refuses a rate that is %s before the first arrival is drawn', ([, ratePerSec]) => {
    for (const pattern of ['constant', 'poisson'] as const) {
      expect(() => arrivalTimes(pattern, ratePerSec, random)).toThrow(
        expect.objectContaining({ code: 'AIPERF_TIMING_RATE', message: expect.stringContaining(String(ratePerSec)) }),
      );
    }
  });

  test('constant arrivals follow the formula', () => {
    const times = take(arrivalTimes('constant', 7, random), 50);
    expect(times).toEqual(times.map((_, k) => constantDueNs(k, 7)));
  });

  test('the first Poisson arrival comes after a gap, all are whole nanoseconds in order', () => {
    const times = take(arrivalTimes('poisson', 1000, createRandomSource(0).stream('arrivals')), 1000);
    expect(times[0]).toBeGreaterThan(0);
    expect(times.every((time, k) => Number.isInteger(time) && time >= (times[k - 1] ?? 0))).toBe(true);
  });

  test('Poisson sums its gaps unrounded', () => {
    const times = take(arrivalTimes('poisson', 1, { nextExponential: () => 0.4e-9 }), 5);
    expect(times).toEqual([0, 1, 1, 2, 2]);
  });

  test('Poisson gaps have mean 1/rate and the spread of an exponential', () => {
    const times = take(arrivalTimes('poisson', 200, createRandomSource(42).stream('arrivals')), 100_000);
    const gaps = times.map((time, k) => time - (times[k - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(Math.abs(mean / 5e6 - 1)).toBeLessThan(0.01);
    expect(Math.abs(Math.sqrt(variance) / mean - 1)).toBeLessThan(0.02);
  });

  test('the same seed gives the same schedule, 0 being a seed like any other', () => {
    const draw = (seed: number): number[] =>
      take(arrivalTimes('poisson', 50, createRandomSource(seed).stream('arrivals')), 20);
    expect(draw(0)).toEqual(draw(0));
    expect(draw(0)).not.toEqual(draw(1));
  });
});

function take(times: Iterator<number, never>, count: number): number[] {
  return Array.from({ length: count }, () => times.next().value);
}
