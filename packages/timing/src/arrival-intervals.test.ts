import { createRandomSource } from '@aiperf/dataset';
import type { RandomStream } from '@aiperf/dataset';
import { describe, expect, test } from 'vitest';
import { arrivalTimes, constantDueNs } from './arrival-intervals.ts';
import type { ArrivalOptions } from './arrival-intervals.ts';

const arrivalsRandom = (seed: number): RandomStream => createRandomSource(seed).stream('arrivals');

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
  test.for<[string, number]>([
    ['zero', 0],
    ['negative', -1],
    ['not a number', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
  ])('refuses a rate that is %s before the first arrival is drawn', ([, requestRatePerSec]) => {
    for (const arrivalPattern of ['constant', 'poisson', 'gamma'] as const) {
      expect(() => arrivalTimes({ arrivalPattern, requestRatePerSec }, arrivalsRandom(1))).toThrow(
        expect.objectContaining({
          code: 'AIPERF_TIMING_RATE',
          message: expect.stringContaining(String(requestRatePerSec)),
        }),
      );
    }
  });

  test.for([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a smoothness of %d', (arrivalSmoothness) => {
    expect(() =>
      arrivalTimes({ arrivalPattern: 'gamma', requestRatePerSec: 1, arrivalSmoothness }, arrivalsRandom(1)),
    ).toThrow(expect.objectContaining({ code: 'AIPERF_TIMING_RATE', message: expect.stringContaining('smoothness') }));
  });

  test('constant arrivals follow the formula', () => {
    const times = take({ arrivalPattern: 'constant', requestRatePerSec: 7 }, arrivalsRandom(1), 50);
    expect(times).toEqual(times.map((_, k) => constantDueNs(k, 7)));
  });

  test('a burst is due at once, whatever the rate', () => {
    expect(take({ arrivalPattern: 'concurrency_burst' }, arrivalsRandom(1), 3)).toEqual([0, 0, 0]);
  });

  test('the first Poisson arrival comes after a gap, all are whole nanoseconds in order', () => {
    const times = take({ arrivalPattern: 'poisson', requestRatePerSec: 1000 }, arrivalsRandom(0), 1000);
    expect(times[0]).toBeGreaterThan(0);
    expect(times.every((time, k) => Number.isInteger(time) && time >= (times[k - 1] ?? 0))).toBe(true);
  });

  test('Poisson sums its gaps unrounded', () => {
    const random: RandomStream = { ...arrivalsRandom(1), nextExponential: () => 0.4e-9 };
    expect(take({ arrivalPattern: 'poisson', requestRatePerSec: 1 }, random, 5)).toEqual([0, 1, 1, 2, 2]);
  });
});

function take(phase: ArrivalOptions, random: RandomStream, count: number): number[] {
  const times = arrivalTimes(phase, random);
  return Array.from({ length: count }, () => times.next().value);
}
