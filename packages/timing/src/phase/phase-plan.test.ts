import type { PhaseConfig } from '@aiperf/config';
import { describe, expect, test } from 'vitest';
import { planPhases } from './phase-plan.ts';

const base: PhaseConfig = {
  name: 'profiling',
  kind: 'profiling',
  mode: 'concurrency',
  arrivalPattern: 'poisson',
  concurrency: 1,
  requestCount: 10,
  gracePeriodSec: 30,
  seamless: false,
};
const { requestCount: _count, ...uncounted } = base;
const { concurrency: _concurrency, ...unlimited } = base;

const planOf = (...phases: PhaseConfig[]): ReturnType<typeof planPhases> =>
  planPhases({ phases, fixedSchedule: { autoOffset: true } });

describe('planPhases', () => {
  test.for<[string, PhaseConfig, object]>([
    [
      'a count',
      base,
      { mode: 'concurrency', requestCount: 10, sessionCount: null, durationNs: null, gracePeriodNs: null },
    ],
    ['a duration has a grace period', { ...base, durationSec: 1.5 }, { durationNs: 1.5e9, gracePeriodNs: 30e9 }],
    ['or none', { ...base, durationSec: 1.5, gracePeriodSec: 0 }, { gracePeriodNs: 0 }],
    [
      'or an endless one',
      { ...base, durationSec: 2, gracePeriodSec: Number.POSITIVE_INFINITY },
      { gracePeriodNs: null },
    ],
    ['sessions', { ...uncounted, sessionCount: 3 }, { requestCount: null, sessionCount: 3 }],
    [
      'a schedule ends by itself',
      { ...uncounted, mode: 'fixed_schedule' },
      { mode: 'fixed_schedule', requestCount: null },
    ],
    [
      'burst arrivals with a limit of sessions are a closed loop',
      { ...base, mode: 'request_rate', arrivalPattern: 'concurrency_burst', concurrency: 4 },
      { mode: 'concurrency' },
    ],
    [
      'burst arrivals without are an open loop',
      { ...unlimited, mode: 'request_rate', arrivalPattern: 'concurrency_burst' },
      { mode: 'request_rate' },
    ],
  ])('%s', ([, phase, expected]) => {
    expect(planOf(phase)).toEqual([
      expect.objectContaining({ phaseIndex: 0, name: 'profiling', kind: 'profiling', ...expected }),
    ]);
  });

  test('phases are numbered in their order', () => {
    const plans = planOf({ ...base, name: 'a', kind: 'warmup' }, { ...base, name: 'b', kind: 'warmup' }, base);
    expect(plans.map(({ phaseIndex, name, kind }) => [phaseIndex, name, kind])).toEqual([
      [0, 'a', 'warmup'],
      [1, 'b', 'warmup'],
      [2, 'profiling', 'profiling'],
    ]);
  });

  test.for<[string, PhaseConfig, string]>([
    ['no slot', { ...base, concurrency: 0 }, 'concurrency'],
    ['a closed loop without slots', unlimited, 'concurrency'],
    ['half a request', { ...base, requestCount: 0.5 }, 'requestCount'],
    ['no session', { ...base, sessionCount: 0 }, 'sessionCount'],
    ['no prefill slot', { ...base, prefillConcurrency: 0 }, 'prefillConcurrency'],
    ['users that are not counted', { ...base, mode: 'user_centric', requestRatePerSec: 1 }, 'userCount'],
    ['no time', { ...base, durationSec: 0 }, 'durationSec'],
    ['endless time', { ...base, durationSec: Number.POSITIVE_INFINITY }, 'durationSec'],
    ['a phase without an end', uncounted, 'would never end'],
    [
      'a burst without an end',
      {
        ...uncounted,
        concurrency: undefined,
        mode: 'request_rate',
        arrivalPattern: 'concurrency_burst',
        durationSec: 1,
      } as unknown as PhaseConfig,
      'burst arrivals have no end',
    ],
  ])('refuses %s and names it', ([, phase, message]) => {
    expect(() => planOf(phase)).toThrow(
      expect.objectContaining({ code: 'AIPERF_TIMING_PLAN', message: expect.stringContaining(message) }),
    );
  });
});
