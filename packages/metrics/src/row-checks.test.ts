import { describe, expect, test } from 'vitest';
import { createMetricSet } from './metric-set.ts';
import { StoredRows, type StoredRow } from './stored-rows.test.support.ts';
import { surveyRows } from './survey-rows.ts';
import { CHAT_MODE } from './test-records.test.support.ts';

const metrics = createMetricSet(CHAT_MODE);

const GOOD: StoredRow = {
  x_request_id: 'good',
  phase_index: 1,
  valid: 1,
  was_cancelled: 0,
  session_num: 0,
  turn_index: 0,
  due_offset_ns: 90,
  request_start_offset_ns: 100,
  request_end_offset_ns: 250,
  resend_ns: 0,
  request_latency: 120,
  time_to_first_token: 20,
  inter_chunk_latency: [60, 0, 40],
};
const FAILED: StoredRow = {
  ...GOOD,
  session_num: 1,
  valid: 0,
  request_latency: undefined,
  time_to_first_token: undefined,
  inter_chunk_latency: undefined,
};

async function violationsOf(rows: readonly StoredRow[], set = metrics) {
  const source = new StoredRows([[GOOD, FAILED], rows]);
  const { checks } = await surveyRows(source, set);
  return checks.violations(source);
}

describe('checks of every row', () => {
  test.for([
    ['valid_and_cancelled', { was_cancelled: 1 }, 'both valid and cancelled'],
    ['end_before_start', { valid: 0, request_end_offset_ns: 99 }, 'started at 100 ns, ended at 99 ns'],
    ['sent_before_due', { due_offset_ns: 101 }, 'sent 1 ns before it was due'],
    ['sent_before_due', { due_offset_ns: 91, resend_ns: 10 }, 'sent 1 ns before it was due'],
    ['recorded_twice', { session_num: 1 }, 'the first turn of session 1 has another record'],
    ['latency_missing', { request_latency: undefined }, 'valid, and without a request latency'],
    ['latency_not_positive', { request_latency: 0, time_to_first_token: undefined }, 'request latency 0 ns'],
    ['end_before_last_response', { request_end_offset_ns: 219 }, 'ended 1 ns before its last response'],
    ['ttft_missing', { time_to_first_token: undefined }, 'valid, and without a time to first token'],
    ['ttft_not_positive', { time_to_first_token: 0 }, 'time to first token 0 ns'],
    ['ttft_above_latency', { time_to_first_token: 121 }, 'time to first token 121 ns, request latency 120 ns'],
    ['chunk_gap_negative', { inter_chunk_latency: [110, -10] }, 'a gap of -10 ns between two chunks'],
    [
      'chunk_gaps_not_decode_duration',
      { inter_chunk_latency: [60, 41] },
      'gaps of 101 ns in all, 100 ns from first to last response',
    ],
  ] as const)('%s: %j', async ([rule, change, words]) => {
    const bad = { ...GOOD, x_request_id: 'bad', session_num: 2, ...change };
    const violations = await violationsOf([{ ...GOOD, session_num: 3 }, bad]);
    expect(violations.find((violation) => violation.rule === rule)).toEqual({
      rule,
      count: 1,
      example: `request bad: ${words}`,
    });
  });

  test('rows that agree with themselves have none, whatever the mode', async () => {
    const cancelled = { ...FAILED, session_num: 2, was_cancelled: 1, request_end_offset_ns: undefined };
    const laterTurn = { ...GOOD, turn_index: 1 };
    const otherPhase = { ...GOOD, phase_index: 0 };
    expect(await violationsOf([cancelled, laterTurn, otherPhase])).toEqual([]);
    const whole = createMetricSet({ ...CHAT_MODE, streaming: false });
    const unstreamed = { ...GOOD, session_num: 2, time_to_first_token: undefined, inter_chunk_latency: undefined };
    expect(await violationsOf([unstreamed], whole)).toEqual([]);
  });

  test('many of one kind are one entry with their number, and the first as the example', async () => {
    const rows = Array.from({ length: 50 }, (_, index) => ({
      ...GOOD,
      session_num: 10 + index,
      x_request_id: `late ${index}`,
      time_to_first_token: 130 + index,
      inter_chunk_latency: [],
    }));
    expect(await violationsOf(rows)).toEqual([
      {
        rule: 'ttft_above_latency',
        count: 50,
        example: 'request late 0: time to first token 130 ns, request latency 120 ns',
      },
    ]);
  });
});
