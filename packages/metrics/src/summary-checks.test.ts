import { describe, expect, test } from 'vitest';
import type { MetricResult } from './metric-definition.ts';
import { checkConcurrency, checkCounts, checkLittlesLaw, checkStatistics } from './summary-checks.ts';

const LATENCY: MetricResult = {
  tag: 'request_latency',
  header: 'Request Latency',
  unit: 'ms',
  avg: 5,
  min: 1,
  p50: 5,
  p99: 9,
  max: 9,
};

describe('checks of a summary', () => {
  test.for([
    [
      'a mean beyond the maximum',
      { avg: 10 },
      'statistics_out_of_order',
      'request_latency: avg 10 is not between min 1 and max 9',
    ],
    ['percentiles that fall', { p50: 9.5 }, 'statistics_out_of_order', 'request_latency: p50 9.5 is above p99 9'],
    ['no number', { std: Number.NaN }, 'statistic_not_finite', 'std of request_latency is NaN'],
  ] as const)('%s', ([, change, rule, example]) => {
    expect(checkStatistics([LATENCY, { ...LATENCY, ...change }])).toEqual([{ rule, count: 1, example }]);
  });

  test('statistics that fit, lone numbers and error-adjusted ones have nothing against them', () => {
    const scalar = { tag: 'request_count', header: 'Request Count', unit: 'requests', avg: 3 };
    const adjusted = { tag: 'adj_request_latency', header: 'x', unit: 'ms', min: 1, p50: 4, count: 9 };
    expect(checkStatistics([LATENCY, scalar, adjusted, { ...LATENCY, avg: 9 * (1 + 1e-12) }])).toEqual([]);
  });

  const phase = {
    name: 'profiling',
    counts: { sent: 10, completed: 6, failed: 2, cancelled: 1, lost: 1 },
    arrived: { rows: 9, errors: 3, cancelled: 1 },
    survey: { rows: 9, errors: 3, cancelled: 1 },
    isComplete: true,
  };

  test('counts that add up have nothing against them; those of a phase that was not seen to its end are not compared', () => {
    expect(checkCounts([phase, { ...phase, counts: { ...phase.counts, sent: 0 }, isComplete: false }])).toEqual([]);
  });

  test.for([
    ['sent_not_accounted_for', { counts: { ...phase.counts, lost: 0 } }, /10 requests were sent, 9 came to an end/u],
    ['rows_not_as_counted', { survey: { ...phase.survey, rows: 8 } }, /9 rows.*arrived; the file has 8, 3 and 1/u],
    [
      'more_rows_than_sent',
      { arrived: { ...phase.arrived, rows: 11 }, survey: { ...phase.survey, rows: 11 } },
      /10 requests were sent, 11 left a record/u,
    ],
  ] as const)('%s', ([rule, change, example]) => {
    expect(checkCounts([phase, { ...phase, ...change }])).toMatchObject([
      { rule, count: 1, example: expect.stringMatching(example) as string },
    ]);
  });

  test.for([
    ['within 5 %', { inFlight: 10.4, endedPerSec: 5, meanSec: 2, edgeShare: 0.01 }, 0],
    ['beyond', { inFlight: 10.6, endedPerSec: 5, meanSec: 2, edgeShare: 0.01 }, 1],
    ['too much of it lies across the edges to say', { inFlight: 20, endedPerSec: 5, meanSec: 2, edgeShare: 0.03 }, 0],
  ] as const)("Little's law: %s", ([, steady, count]) => {
    expect(checkLittlesLaw(steady)).toHaveLength(count);
  });

  test('more in flight than the concurrency', () => {
    const curve = { tag: 'effective_concurrency', header: '', unit: 'requests', avg: 3, max: 5 };
    expect(checkConcurrency([curve], 4)).toMatchObject([{ rule: 'in_flight_above_concurrency' }]);
    expect([
      ...checkConcurrency([curve], 5),
      ...checkConcurrency([curve], undefined),
      ...checkConcurrency([], 1),
    ]).toEqual([]);
  });
});
