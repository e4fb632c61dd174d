import { createRandomSource } from '@aiperf/dataset';
import type { RandomStream } from '@aiperf/dataset';
import { describe, expect, test } from 'vitest';
import { arrivalTimes, constantDueNs } from './arrival-intervals.ts';
import type { ArrivalOptions } from './arrival-intervals.ts';
import { intervalLaw, ksDistance } from './interval-law.ts';
import { createRateProfile } from './rate-profile.ts';

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

describe('the laws of 10,000 intervals', () => {
  const COUNT = 10_000;
  /** The distance that one true sample of a hundred passes. */
  const KS_CRITICAL = 1.63 / Math.sqrt(COUNT);

  test.for<[string, ArrivalOptions, number]>([
    ['Poisson', { arrivalPattern: 'poisson', requestRatePerSec: 200 }, 1],
    ['gamma of shape 1', { arrivalPattern: 'gamma', requestRatePerSec: 200, arrivalSmoothness: 1 }, 1],
    ['gamma without a shape', { arrivalPattern: 'gamma', requestRatePerSec: 3 }, 1],
    ['gamma, smoother', { arrivalPattern: 'gamma', requestRatePerSec: 200, arrivalSmoothness: 5 }, 5],
    ['gamma, nearly constant', { arrivalPattern: 'gamma', requestRatePerSec: 200, arrivalSmoothness: 400 }, 400],
    ['gamma, in bursts', { arrivalPattern: 'gamma', requestRatePerSec: 200, arrivalSmoothness: 0.3 }, 0.3],
    ['gamma, in hard bursts', { arrivalPattern: 'gamma', requestRatePerSec: 0.5, arrivalSmoothness: 0.25 }, 0.25],
  ])('%s: mean, spread and distance from the law', ([, phase, shape]) => {
    const ratePerSec = phase.requestRatePerSec ?? Number.NaN;
    for (const seed of [0, 1, 42]) {
      const gaps = unitGaps(take(phase, arrivalsRandom(seed), COUNT), (timeSec) => timeSec * ratePerSec);
      const { mean, deviation } = spread(gaps);
      // Standard error of a mean is sigma / 100 here; three of them.
      expect(Math.abs(mean - 1)).toBeLessThan(0.03 / Math.sqrt(shape));
      expect(Math.abs((deviation / mean) * Math.sqrt(shape) - 1)).toBeLessThan(0.06);
      const law = intervalLaw(phase.arrivalPattern, shape);
      expect(law && ksDistance(gaps, law)).toBeLessThan(KS_CRITICAL);
    }
  });

  test.for<[string, Partial<ArrivalOptions>]>([
    ['linear ramp', { requestRatePerSec: 400, requestRateRamp: { durationSec: 30, shape: 'linear' } }],
    ['exponential ramp', { requestRatePerSec: 400, requestRateRamp: { durationSec: 30, shape: 'exponential' } }],
    ['Poisson ramp', { requestRatePerSec: 400, requestRateRamp: { durationSec: 30, shape: 'poisson' } }],
    [
      'series',
      {
        requestRateSeries: [
          { timeSec: 0, ratePerSec: 10 },
          { timeSec: 10, ratePerSec: 900 },
          { timeSec: 25, ratePerSec: 100 },
        ],
      },
    ],
  ])('%s: a change of time, in which the intervals keep their law', ([, rate]) => {
    for (const arrivalPattern of ['poisson', 'gamma'] as const) {
      const phase = { arrivalPattern, arrivalSmoothness: 2.5, ...rate };
      const times = take(phase, arrivalsRandom(7), COUNT);
      const profile = createRateProfile(phase, arrivalsRandom(7));
      const gaps = unitGaps(times, (timeSec) => profile.countAt(timeSec));
      const law = intervalLaw(arrivalPattern, 2.5);
      expect(law && ksDistance(gaps, law)).toBeLessThan(KS_CRITICAL);
      // Counts in each tenth of the time against the integral: a Poisson count differs by its square root, here four of them.
      const endSec = (times.at(-1) ?? 0) / 1e9;
      for (let part = 0; part < 10; part += 1) {
        const [from, to] = [(endSec * part) / 10, (endSec * (part + 1)) / 10];
        const expected = profile.countAt(to) - profile.countAt(from);
        const counted = times.filter((time) => time / 1e9 > from && time / 1e9 <= to).length;
        expect(Math.abs(counted - expected)).toBeLessThan(4 * Math.sqrt(expected) + 1);
      }
    }
  });

  test('constant arrivals on a ramp come when the integral of the rate is a whole number', () => {
    const phase: ArrivalOptions = {
      arrivalPattern: 'constant',
      requestRatePerSec: 100,
      requestRateRamp: { durationSec: 10, shape: 'linear' },
    };
    const times = take(phase, arrivalsRandom(1), 2000);
    // From 1 to 100 a second in 10 s: 505 requests, then one every 10 ms.
    expect(times[0]).toBe(0);
    expect(times[505]).toBe(10_000_000_000);
    expect(times.slice(505).every((time, k) => time === 10_000_000_000 + k * 10_000_000)).toBe(true);
    const rateAtStart = 1;
    const slope = 9.9;
    for (const k of [1, 17, 300]) {
      const x = (times[k] ?? 0) / 1e9;
      expect(rateAtStart * x + (slope / 2) * x * x).toBeCloseTo(k, 6);
    }
  });

  test('the same seed gives the same nanoseconds, 0 being a seed like any other', () => {
    const phases: ArrivalOptions[] = [
      { arrivalPattern: 'poisson', requestRatePerSec: 50 },
      { arrivalPattern: 'gamma', requestRatePerSec: 50, arrivalSmoothness: 0.4 },
      {
        arrivalPattern: 'poisson',
        requestRatePerSec: 50,
        requestRateRamp: { durationSec: 2, shape: 'poisson' },
      },
    ];
    for (const phase of phases) {
      expect(take(phase, arrivalsRandom(0), 200)).toEqual(take(phase, arrivalsRandom(0), 200));
      expect(take(phase, arrivalsRandom(0), 200)).not.toEqual(take(phase, arrivalsRandom(1), 200));
    }
  });

  test('seed 42, to the nanosecond: a change here changes what everybody measured before', () => {
    expect(take({ arrivalPattern: 'poisson', requestRatePerSec: 100 }, arrivalsRandom(42), 4)).toEqual([
      4977789, 12555532, 25197484, 50434636,
    ]);
    expect(
      take({ arrivalPattern: 'gamma', requestRatePerSec: 100, arrivalSmoothness: 0.5 }, arrivalsRandom(42), 4),
    ).toEqual([3140, 1338626, 5264457, 69031746]);
  });
});

/** Intervals in expected requests; the first is from the beginning. */
function unitGaps(times: readonly number[], countAt: (timeSec: number) => number): number[] {
  const counts = times.map((time) => countAt(time / 1e9));
  return counts.map((count, k) => count - (counts[k - 1] ?? 0));
}

function spread(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) };
}
