import type { PhaseConfig } from '@aiperf/config';
import { expect, test } from 'vitest';
import { describePhase } from './describe-phase.ts';

const base: PhaseConfig = {
  name: 'profiling',
  kind: 'profiling',
  mode: 'concurrency',
  arrivalPattern: 'poisson',
  gracePeriodSec: 30,
  seamless: false,
};

test.for<[Partial<PhaseConfig>, string]>([
  [{ concurrency: 8, requestCount: 1000 }, '8 sessions at once; ends after 1,000 requests'],
  [
    { concurrency: 8, concurrencyRamp: { durationSec: 5, shape: 'linear' }, durationSec: 60, sessionCount: 9 },
    '8 sessions at once after a linear ramp of 5 s; ends after 9 sessions or 60 s, whichever is first',
  ],
  [
    {
      mode: 'request_rate',
      requestRatePerSec: 40,
      requestRateRamp: { durationSec: 20, shape: 'exponential' },
      durationSec: 60,
    },
    '40 requests/s after an exponential ramp of 20 s, poisson; ends after 60 s',
  ],
  [
    { mode: 'request_rate', requestRatePerSec: 12.5, requestCount: 10 },
    '12.5 requests/s, poisson; ends after 10 requests',
  ],
  [
    {
      mode: 'request_rate',
      arrivalPattern: 'gamma',
      arrivalSmoothness: 0.5,
      requestRatePerSec: 5,
      concurrency: 3,
      durationSec: 1,
    },
    '5 requests/s, gamma of shape 0.5, 3 sessions at once at most; ends after 1 s',
  ],
  [
    {
      mode: 'request_rate',
      requestRateSeries: [
        { timeSec: 0, ratePerSec: 5 },
        { timeSec: 9, ratePerSec: 50 },
      ],
      durationSec: 9,
    },
    '5 to 50 requests/s by a series of 2 points, poisson; ends after 9 s',
  ],
  [
    { mode: 'request_rate', arrivalPattern: 'concurrency_burst', concurrency: 4, requestCount: 9 },
    'all at once, 4 sessions at once at most; ends after 9 requests',
  ],
  [{ mode: 'fixed_schedule' }, 'recorded times'],
  [
    { mode: 'user_centric', userCount: 15, requestRatePerSec: 1, durationSec: 60, seamless: true },
    '15 users, 1 requests/s over all; ends after 60 s; the next phase begins when the last request is sent',
  ],
  [
    { concurrency: 9, prefillConcurrency: 2, requestCount: 5, cancellation: { ratePercent: 10, delaySec: 0.5 } },
    '9 sessions at once; 2 waiting for their first token at most; 10 % cancelled after 0.5 s; ends after 5 requests',
  ],
])('%j', ([phase, expected]) => {
  expect(describePhase({ ...base, ...phase })).toBe(expected);
});
