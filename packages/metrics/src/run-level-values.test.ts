import { describe, expect, test } from 'vitest';
import type { MetricMode } from './metric-mode.ts';
import { createMetricSet } from './metric-set.ts';
import type { RunValues } from './metric.ts';
import { summarize } from './stats/summary.ts';
import { CHAT_MODE } from './test-records.test.support.ts';

const MODE: MetricMode = {
  ...CHAT_MODE,
  openLoop: true,
  fixedSchedule: true,
  networkLatency: true,
  goodput: [
    { tag: 'time_to_first_token', value: 200 },
    { tag: 'output_token_throughput_per_user', value: 30 },
  ],
};
const SET = createMetricSet(MODE);

/** Aggregates of a phase of 10 s, and sums of its record metrics. */
const SCALARS: Readonly<Record<string, number>> = {
  request_count: 8,
  error_request_count: 2,
  good_request_count: 6,
  min_request_timestamp: 5e9,
  max_response_timestamp: 15e9,
};
const SUMS: Readonly<Record<string, number>> = {
  input_sequence_length: 800,
  error_isl: 150,
  output_sequence_length: 400,
  output_token_count: 300,
  reasoning_token_count: 100,
  stall_count: 3,
  spec_decode_steps: 40,
  spec_decode_accepted_draft_tokens: 60,
  spec_decode_draft_tokens: 160,
  usage_prompt_tokens: 1000,
  usage_prompt_cache_read_tokens: 250,
};
/** Offsets from the schedule in ns; the earliest request was 2 ms late. */
const OFFSETS_NS = [2e6, 3e6, 4e6, 5e6, 1002e6];

function derived(): ReadonlyMap<string, number> {
  const scalars = new Map(Object.entries(SCALARS));
  const summaries = new Map([['replay_send_schedule_offset', summarize(Float64Array.from(OFFSETS_NS))]]);
  const run: RunValues = {
    scalar: (tag) => scalars.get(tag) ?? Number.NaN,
    summary: (tag) => summaries.get(tag),
    sum: (tag) => SUMS[tag] ?? Number.NaN,
  };
  for (const metric of SET.derived) scalars.set(metric.tag, metric.compute(run));
  return scalars;
}

const BY_HAND: Readonly<Record<string, number>> = {
  benchmark_duration: 10e9,
  completed_request_count: 10,
  request_error_rate: 20,
  good_request_fraction: 0.6,
  goodput: 0.6,
  total_isl: 800,
  total_error_isl: 150,
  total_osl: 400,
  total_output_tokens: 300,
  total_reasoning_tokens: 100,
  total_usage_prompt_tokens: 1000,
  total_usage_prompt_cache_read_tokens: 250,
  overall_usage_prompt_cache_read_pct: 25,
  overall_thinking_efficiency: 1 / 3,
  total_spec_decode_steps: 40,
  total_accepted_draft_tokens: 60,
  total_draft_tokens: 160,
  spec_decode_token_weighted_acceptance_length: 2.5,
  spec_decode_overall_draft_acceptance_rate: 37.5,
  stalls_per_1000_tokens: 7.5,
  output_token_throughput: 40,
  input_token_throughput: 80,
  total_token_throughput: 120,
  request_throughput: 0.8,
  replay_sched_lag_p50: 2,
  // Between the third and the fifth value: 3 + 0.6 * 997.
  replay_sched_lag_p90: 601.2,
  replay_sched_lag_p99: 960.12,
  replay_sched_degraded: 1,
};

describe('derived metrics', () => {
  const values = derived();

  test.for(Object.entries(BY_HAND))('%s of the phase above is %d', ([tag, expected]) => {
    expect(values.get(tag)).toBeCloseTo(expected, 9);
  });

  test('every derived metric is in the table above, but for sums of usage fields that nobody reported', () => {
    const missing = SET.derived.map(({ tag }) => tag).filter((tag) => !(tag in BY_HAND));
    expect(missing.every((tag) => tag.startsWith('total_usage_'))).toBe(true);
    expect(missing.map((tag) => values.get(tag))).toEqual(missing.map(() => Number.NaN));
  });

  test('the round trip is taken off every latency, and none becomes negative', () => {
    const rtt = summarize(Float64Array.of(4e6, 6e6));
    const run: RunValues = { scalar: () => Number.NaN, sum: () => Number.NaN, summary: () => rtt };
    expect(SET.derivedRecord.map(({ of, tag }) => [of, tag])).toEqual([
      ['time_to_first_token', 'network_adjusted_time_to_first_token'],
      ['time_to_first_output_token', 'network_adjusted_time_to_first_output_token'],
      ['request_latency', 'network_adjusted_request_latency'],
    ]);
    for (const metric of SET.derivedRecord) {
      expect([20e6, 5e6, 1e6].map((value) => metric.compute(value, run))).toEqual([15e6, 0, 0]);
    }
  });
});

describe('aggregates', () => {
  const contributionOf = (tag: string, row: Readonly<Record<string, number>>): number | undefined =>
    SET.aggregate.find((metric) => metric.tag === tag)?.contribution({ get: (name) => row[name] ?? Number.NaN });

  test.for<[string, Readonly<Record<string, number>>, number]>([
    ['meets both objectives', { time_to_first_token: 200e6, output_token_throughput_per_user: 30 }, 1],
    ['is too late', { time_to_first_token: 200e6 + 1, output_token_throughput_per_user: 30 }, 0],
    ['is too slow', { time_to_first_token: 1, output_token_throughput_per_user: 29.9 }, 0],
    ['lacks one of the metrics', { time_to_first_token: 1 }, 0],
  ])('a request that %s', ([, row, good]) => {
    expect(contributionOf('good_request_count', row)).toBe(good);
  });

  test.for<[string, string, Readonly<Record<string, number>>, number]>([
    ['5 % over', 'osl_mismatch_count', { output_sequence_length: 105, requested_osl: 100 }, 0],
    ['more than 5 % over', 'osl_mismatch_count', { output_sequence_length: 106, requested_osl: 100 }, 1],
    ['50 tokens short of many', 'osl_mismatch_count', { output_sequence_length: 9950, requested_osl: 10_000 }, 0],
    ['51 tokens short of many', 'osl_mismatch_count', { output_sequence_length: 9949, requested_osl: 10_000 }, 1],
    ['a difference of 10 %', 'usage_discrepancy_count', { usage_prompt_tokens_diff_pct: 10 }, 0],
    [
      'one of more',
      'usage_discrepancy_count',
      { usage_prompt_tokens_diff_pct: 1, usage_completion_tokens_diff_pct: 11 },
      1,
    ],
    ['nothing to compare', 'usage_discrepancy_count', {}, Number.NaN],
    ['an overflow', 'context_overflow_count', { context_overflow: 1 }, 1],
    ['another failure', 'context_overflow_count', { context_overflow: 0 }, 0],
    ['a start', 'min_request_timestamp', { request_start_offset_ns: 7 }, 7],
    ['a start and a latency', 'max_response_timestamp', { request_start_offset_ns: 7, request_latency: 5 }, 12],
  ])('%s in %s', ([, tag, row, expected]) => {
    expect(contributionOf(tag, row)).toBe(expected);
  });

  test('every aggregate is in a table above, but for plain counts', () => {
    expect(SET.aggregate.map(({ tag }) => tag)).toEqual([
      'request_count',
      'error_request_count',
      'context_overflow_count',
      'good_request_count',
      'osl_mismatch_count',
      'usage_discrepancy_count',
      'min_request_timestamp',
      'max_response_timestamp',
    ]);
  });
});
