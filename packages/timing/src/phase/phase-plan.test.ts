import type { LoadConfig, UserConfig } from '@aiperf/config';
import { describe, expect, test } from 'vitest';
import { planPhases } from './phase-plan.ts';

/** Only `load` is looked at. */
function config(load: Partial<LoadConfig>): UserConfig {
  return { load: { arrivalPattern: 'poisson', gracePeriodSec: 30, ...load } } as UserConfig;
}

const profiling = { phaseIndex: 0, kind: 'profiling', requestCount: null, durationNs: null, gracePeriodNs: null };
const one = { mode: 'concurrency', concurrency: 1 };
const rate = { mode: 'request_rate', requestRatePerSec: 5, arrivalPattern: 'poisson', concurrency: null };

describe('planPhases', () => {
  test.for<[string, Partial<LoadConfig>, object[]]>([
    ['nothing said: 10 requests, one at a time', {}, [{ ...profiling, load: one, requestCount: 10 }]],
    [
      'a rate: no limit of requests in flight',
      { requestRatePerSec: 5 },
      [{ ...profiling, load: rate, requestCount: 10 }],
    ],
    [
      'a rate with a limit',
      { requestRatePerSec: 5, concurrency: 3 },
      [{ ...profiling, load: { ...rate, concurrency: 3 }, requestCount: 10 }],
    ],
    [
      'a duration: no count, a grace period',
      { benchmarkDurationSec: 1.5 },
      [{ ...profiling, load: one, durationNs: 1.5e9, gracePeriodNs: 30e9 }],
    ],
    [
      'both: whichever comes first',
      { benchmarkDurationSec: 2, requestCount: 7, gracePeriodSec: 0 },
      [{ ...profiling, load: one, requestCount: 7, durationNs: 2e9, gracePeriodNs: 0 }],
    ],
    [
      'an endless grace period',
      { benchmarkDurationSec: 2, gracePeriodSec: Number.POSITIVE_INFINITY },
      [{ ...profiling, load: one, durationNs: 2e9 }],
    ],
    [
      'a warm-up first, with the same load',
      { warmupRequestCount: 4, requestCount: 7, concurrency: 2 },
      [
        { ...profiling, kind: 'warmup', load: { ...one, concurrency: 2 }, requestCount: 4 },
        { ...profiling, phaseIndex: 1, load: { ...one, concurrency: 2 }, requestCount: 7 },
      ],
    ],
    ['a warm-up of nothing is none', { warmupRequestCount: 0 }, [{ ...profiling, load: one, requestCount: 10 }]],
  ])('%s', ([, load, expected]) => {
    expect(planPhases(config(load))).toEqual(expected);
  });

  test.for<[string, Partial<LoadConfig>, string]>([
    ['no slot', { concurrency: 0 }, '--concurrency'],
    ['half a request', { requestCount: 0.5 }, '--request-count'],
    ['a warm-up of half a request', { warmupRequestCount: 0.5 }, '--warmup-request-count'],
    ['no time', { benchmarkDurationSec: 0 }, '--benchmark-duration'],
    ['endless time', { benchmarkDurationSec: Number.POSITIVE_INFINITY }, '--benchmark-duration'],
  ])('refuses %s and names the option', ([, load, option]) => {
    expect(() => planPhases(config(load))).toThrow(
      expect.objectContaining({ code: 'AIPERF_TIMING_PLAN', message: expect.stringContaining(option) }),
    );
  });
});
