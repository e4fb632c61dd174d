import { expect, test } from 'vitest';
import { toRateSeries } from './rate-series.ts';

const start = { time_s: 0, qps: 1 };

test.for<[string, unknown, string]>([
  ['no list', { time_s: 0, qps: 1 }, 'something else than a list'],
  ['nothing', [], '0 of them'],
  ['one point', [start], '1 of them'],
  ['a rate of 0', [start, { time_s: 1, qps: 0 }], 'point 2 as {"time_s":1,"qps":0}'],
  ['text', [{ time_s: '0', qps: 1 }], 'point 1 as {"time_s":"0","qps":1}'],
  ['a negative time', [{ time_s: -1, qps: 1 }, start], 'point 1 as {"time_s":-1,"qps":1}'],
  ['the same time twice', [start, { time_s: 0, qps: 3 }], 'point 2 at 0 s, which is not after 0 s'],
  [
    'a time that goes back',
    [start, { time_s: 4, qps: 3 }, { time_s: 3, qps: 3 }],
    'point 3 at 3 s, which is not after 4 s',
  ],
  ['null', [null], 'point 1 as null'],
])('%s is refused', ([, value, found]) => {
  expect(toRateSeries(value)).toEqual({ found });
});

test('points are taken in their order', () => {
  const points = [start, { time_s: 2.5, qps: 0.5 }];
  expect(toRateSeries(points)).toEqual({
    points: [
      { timeSec: 0, ratePerSec: 1 },
      { timeSec: 2.5, ratePerSec: 0.5 },
    ],
  });
});
