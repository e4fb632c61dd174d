import type { RampConfig, RatePoint } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset';
import type { RandomStream } from '@aiperf/dataset';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRateProfile } from './rate-profile.ts';
import type { RateOptions } from './rate-profile.ts';

const random = (seed = 1): RandomStream => createRandomSource(seed).stream('arrivals');

const ramp = (durationSec: number, shape: RampConfig['shape']): RateOptions => ({
  requestRatePerSec: 100,
  requestRateRamp: { durationSec, shape },
});

const series = (...points: [number, number][]): RateOptions => ({
  requestRateSeries: points.map(([timeSec, ratePerSec]) => ({ timeSec, ratePerSec })),
});

describe('createRateProfile', () => {
  test.for<[string, RateOptions, number, number]>([
    ['a constant rate', { requestRatePerSec: 20 }, 3, 60],
    ['a linear ramp begins at 0.1 s / duration of the rate', ramp(10, 'linear'), 5, 1 * 5 + (99 / 10) * 12.5],
    ['a linear ramp, and the rate after it', ramp(10, 'linear'), 12, 505 + 200],
    ['an exponential ramp is its integral', ramp(10, 'exponential'), 10, 990 / Math.log(100)],
    ['and after it', ramp(10, 'exponential'), 11, 990 / Math.log(100) + 100],
    ['a ramp no longer than its first update is none', ramp(0.1, 'linear'), 2, 200],
    ['nor an exponential one', ramp(0.05, 'exponential'), 2, 200],
    ['nor a Poisson one', ramp(0.1, 'poisson'), 2, 200],
    ['a series is linear in between', series([0, 10], [10, 30]), 5, 10 * 5 + 25],
    ['at its end', series([0, 10], [10, 30]), 10, 200],
    ['its last value goes on', series([0, 10], [10, 30]), 12, 260],
    ['its first value holds before its first point', series([5, 10], [10, 30]), 5, 50],
    ['it may fall', series([0, 30], [10, 10], [20, 10]), 20, 300],
  ])('%s', ([, options, timeSec, expectedCount]) => {
    const profile = createRateProfile(options, random());
    expect(profile.countAt(timeSec)).toBeCloseTo(expectedCount, 9);
    expect(profile.timeSecOf(expectedCount)).toBeCloseTo(timeSec, 9);
  });

  test('a Poisson ramp climbs in random steps that end with it', () => {
    const profile = createRateProfile(ramp(10, 'poisson'), random());
    const rates = Array.from(
      { length: 1100 },
      (_, k) => (profile.countAt((k + 1) / 100) - profile.countAt(k / 100)) * 100,
    );
    expect(rates[0]).toBeCloseTo(1, 6);
    expect(rates.every((rate, k) => rate >= (rates[k - 1] ?? 0) - 1e-6)).toBe(true);
    expect(rates[998]).toBeLessThanOrEqual(99.000001);
    expect(rates[1001]).toBeCloseTo(100, 6);
    expect(profile.countAt(10)).not.toBeCloseTo(createRateProfile(ramp(10, 'poisson'), random(2)).countAt(10), 3);
    expect(profile.countAt(10)).toBe(createRateProfile(ramp(10, 'poisson'), random()).countAt(10));
  });

  test('count and time are each other’s inverse', () => {
    const points = fc
      .uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 8 })
      .chain((times) =>
        fc.tuple(
          fc.constant(times.toSorted((a, b) => a - b).map((timeMs) => timeMs / 1000)),
          fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), {
            minLength: times.length,
            maxLength: times.length,
          }),
        ),
      )
      .map(([times, rates]): RatePoint[] => times.map((timeSec, k) => ({ timeSec, ratePerSec: rates[k] ?? 1 })));
    const options: fc.Arbitrary<RateOptions> = fc.oneof(
      points.map((requestRateSeries) => ({ requestRateSeries })),
      fc.record({
        requestRatePerSec: fc.double({ min: 0.01, max: 10_000, noNaN: true }),
        requestRateRamp: fc.record({
          durationSec: fc.double({ min: 0.01, max: 100, noNaN: true }),
          shape: fc.constantFrom('linear' as const, 'exponential' as const, 'poisson' as const),
        }),
      }),
    );
    fc.assert(
      fc.property(options, fc.double({ min: 0, max: 2000, noNaN: true }), (rate, timeSec) => {
        const profile = createRateProfile(rate, random());
        expect(Math.abs(profile.timeSecOf(profile.countAt(timeSec)) - timeSec)).toBeLessThan(1e-6 * (1 + timeSec));
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  test.for<[string, RateOptions, string]>([
    ['no rate', {}, '--request-rate must be'],
    ['a rate of 0', { requestRatePerSec: 0 }, 'not 0'],
    ['an empty series', series(), 'at least two points'],
    ['a series of one point', series([0, 1]), 'at least two points, not 1'],
    ['a rate of 0 in a series', series([0, 1], [1, 0]), 'point 2'],
    ['a negative rate in a series', series([0, -1], [1, 1]), 'point 1'],
    ['a rate in a series that is no number', series([0, 1], [1, Number.NaN]), 'point 2'],
    ['a time twice', series([0, 1], [1, 1], [1, 2]), 'point 3'],
    ['times that go back', series([2, 1], [1, 1]), 'point 2'],
    ['a negative time', series([-1, 1], [1, 1]), 'point 1'],
    ['a time that is no number', series([0, 1], [Number.NaN, 1]), 'point 2'],
    ['a ramp of no time', ramp(0, 'linear'), 'longer than 0 s'],
    ['a ramp that never ends', ramp(Number.POSITIVE_INFINITY, 'linear'), 'longer than 0 s'],
    [
      'a ramp of a series',
      { ...series([0, 1], [1, 1]), requestRateRamp: { durationSec: 1, shape: 'linear' } },
      '--request-rate-series',
    ],
  ])('refuses %s', ([, options, part]) => {
    expect(() => createRateProfile(options, random())).toThrow(
      expect.objectContaining({ name: 'TimingError', message: expect.stringContaining(part) }),
    );
  });
});
