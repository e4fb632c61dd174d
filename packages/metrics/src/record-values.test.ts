import { array, assert, constantFrom, double, oneof, property, record as anyRecord } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricMode } from './metric-mode.ts';
import { createMetricSet } from './metric-set.ts';
import { MetricValues } from './metric-values.ts';
import { RecordSlot } from './record-slots.ts';
import { CHAT_MODE } from './test-records.test.support.ts';

const MS = 1e6;

/** A run in which every metric exists. */
const EVERYTHING: MetricMode = {
  ...CHAT_MODE,
  producesVideo: true,
  carriesMedia: true,
  openLoop: true,
  fixedSchedule: true,
  networkLatency: true,
};

/** What happened in one request, by hand: start at 1 ms, headers 20 ms later, a first read without content at 30 ms, content as below. */
function slotOf(changes: Partial<RecordSlot> = {}): RecordSlot {
  return Object.assign(new RecordSlot(), {
    creditIssuedNs: 800_000,
    dueNs: 850_000,
    turnaroundNs: 40_000,
    queuedNs: 900_000,
    connectStartNs: 910_000,
    dnsEndNs: 930_000,
    connectEndNs: 980_000,
    startNs: 1 * MS,
    sendEndNs: 1_010_000,
    headersNs: 21 * MS,
    firstBodyNs: 30 * MS,
    lastBodyNs: 2001 * MS,
    endNs: 2002 * MS,
    requestBytes: 512,
    responseBytes: 4096,
    responseReads: 6,
    // Two reasoning events in one read, two reads of one event, two events in the last read.
    contentNs: Float64Array.of(51, 51, 101, 601, 2001, 2001).map((ms) => ms * MS),
    contentReadIndexes: Uint32Array.of(1, 1, 2, 3, 4, 4),
    contentCount: 6,
    beforeFirstContentNs: 30 * MS,
    beforeLastContentNs: 601 * MS,
    firstOutputNs: 101 * MS,
    inputTokens: 100,
    outputTokens: 15,
    reasoningTokens: 6,
    maxOutputTokens: 20,
    usage: {
      promptTokens: 110,
      completionTokens: 24,
      totalTokens: 134,
      reasoningTokens: 9,
      promptCacheReadTokens: 64,
      promptCacheWriteTokens: 8,
      promptCacheMissTokens: 46,
      promptAudioTokens: 3,
      promptAudioSec: 7.5,
      completionAudioTokens: 2,
      acceptedPredictionTokens: 5,
      rejectedPredictionTokens: 4,
      toolUsePromptTokens: 1,
    },
    specDecoding: { steps: 4, acceptedTokens: 6, draftTokens: 12 },
    video: { inferenceSec: 1.5, peakMemoryMb: 2048 },
    media: { imageCount: 2, audioSec: 8 },
    ...changes,
  });
}

const BY_HAND: Readonly<Record<string, number>> = {
  time_to_first_token: 50 * MS,
  time_to_second_token: 0,
  time_to_first_output_token: 100 * MS,
  request_latency: 2000 * MS,
  decode_duration: 1950 * MS,
  // 21 tokens, of which 20 after the first chunk.
  inter_token_latency: 97.5 * MS,
  // The first event not after 51 ms, the last not before 601 ms.
  inter_token_latency_lower_bound: 27.5 * MS,
  // The first event not before 30 ms, the last not after 2001 ms.
  inter_token_latency_upper_bound: 98.55 * MS,
  max_inter_chunk_latency: 1400 * MS,
  // 500 ms and 1400 ms.
  stall_count: 2,
  output_token_throughput_per_user: 1000 / 97.5,
  e2e_output_token_throughput: 10.5,
  prefill_throughput_per_user: 2000,
  input_sequence_length: 100,
  output_sequence_length: 21,
  output_token_count: 15,
  reasoning_token_count: 6,
  requested_osl: 20,
  osl_mismatch_diff_pct: 5,
  thinking_efficiency: 0.4,
  stream_setup_latency: 20 * MS,
  stream_prefill_latency: 30 * MS,
  effective_latency: 2002 * MS - 850_000,
  credit_to_start_latency: 150_000,
  credit_drop_latency: 100_000,
  send_lag: 150_000,
  replay_send_schedule_offset: 150_000,
  coalescing_ratio: 1.5,
  num_images: 2,
  image_throughput: 1,
  image_latency: 1000,
  audio_duration: 8,
  rtfx: 4,
  video_inference_time: 1.5,
  video_peak_memory: 2048,
  spec_decode_steps: 4,
  spec_decode_accepted_draft_tokens: 6,
  spec_decode_draft_tokens: 12,
  spec_decode_acceptance_length: 2.5,
  spec_decode_draft_acceptance_rate: 50,
  spec_decode_accepted_per_verified: 0.625,
  http_req_blocked: 10_000,
  http_req_dns_lookup: 20_000,
  http_req_connecting: 50_000,
  http_req_sending: 10_000,
  http_req_waiting: 28_990_000,
  http_req_receiving: 1971 * MS,
  http_req_connection_reused: 0,
  http_req_data_sent: 512,
  http_req_chunks_sent: 1,
  http_req_data_received: 4096,
  http_req_chunks_received: 6,
  http_req_connection_overhead: 80_000,
  http_req_duration: 2000 * MS,
  http_req_total: 2_000_080_000,
  usage_prompt_tokens: 110,
  usage_prompt_cache_read_tokens: 64,
  usage_prompt_cache_write_tokens: 8,
  usage_prompt_cache_miss_tokens: 46,
  usage_prompt_audio_tokens: 3,
  usage_tool_use_prompt_tokens: 1,
  usage_prompt_audio_seconds: 7.5,
  usage_completion_tokens: 24,
  usage_reasoning_tokens: 9,
  usage_completion_audio_tokens: 2,
  usage_accepted_prediction_tokens: 5,
  usage_rejected_prediction_tokens: 4,
  usage_total_tokens: 134,
  usage_prompt_tokens_diff_pct: 10,
  usage_completion_tokens_diff_pct: 100 / 7,
  usage_reasoning_tokens_diff_pct: 50,
};

function valuesOf(slot: RecordSlot, isValid = true, mode = EVERYTHING): ReadonlyMap<string, number> {
  const { record } = createMetricSet(mode);
  const values = new MetricValues(record);
  values.compute(slot, isValid);
  return new Map(record.map(({ tag }) => [tag, values.get(tag)]));
}

describe('record metrics', () => {
  const values = valuesOf(slotOf());

  test.for(Object.entries(BY_HAND))('%s of the request above is %d', ([tag, expected]) => {
    expect(values.get(tag)).toBeCloseTo(expected, 9);
  });

  test('every record metric of valid requests is in the table above, but for those of a closed loop', () => {
    const present = [...values].filter(([, value]) => !Number.isNaN(value)).map(([tag]) => tag);
    expect(present.toSorted()).toEqual(Object.keys(BY_HAND).toSorted());
    expect([...values.keys()].filter((tag) => !(tag in BY_HAND))).toEqual(['error_isl']);
  });

  test('of a failed request there is what it cost, and its input', () => {
    const failed = [...valuesOf(slotOf(), false)].filter(([, value]) => !Number.isNaN(value));
    expect(Object.fromEntries(failed)).toEqual({
      error_isl: 100,
      effective_latency: BY_HAND['effective_latency'],
      credit_to_start_latency: 150_000,
      send_lag: 150_000,
    });
  });

  test.for<[string, Partial<RecordSlot>, string, number]>([
    ['per-chunk usage: 5 tokens in the first chunk', { firstContentTokens: 5 }, 'inter_token_latency', 1950 / 16],
    ['all tokens in the first chunk', { firstContentTokens: 21 }, 'inter_token_latency', Number.NaN],
    [
      'no event shares its read: the bounds are the value',
      { contentReadIndexes: Uint32Array.of(1, 2, 3, 4, 5, 6) },
      'inter_token_latency_lower_bound',
      97.5,
    ],
    [
      'no event shares its read: the bounds are the value',
      { contentReadIndexes: Uint32Array.of(1, 2, 3, 4, 5, 6) },
      'inter_token_latency_upper_bound',
      97.5,
    ],
    [
      'all in one read: at once, for all that is known',
      { contentReadIndexes: new Uint32Array(6), contentNs: new Float64Array(6).fill(51 * MS) },
      'inter_token_latency_lower_bound',
      0,
    ],
    [
      'all in one read: spread over the time since the read before, for all that is known',
      { contentReadIndexes: new Uint32Array(6), contentNs: new Float64Array(6).fill(51 * MS) },
      'inter_token_latency_upper_bound',
      21 / 20,
    ],
    ['one event has no gap', { contentCount: 1 }, 'max_inter_chunk_latency', Number.NaN],
  ])('%s', ([, changes, tag, expectedMs]) => {
    const value = valuesOf(slotOf(changes)).get(tag) ?? Number.NaN;
    if (Number.isNaN(expectedMs)) expect(value).toBeNaN();
    else expect(value).toBeCloseTo(expectedMs * MS, 6);
  });

  test.for<[string, Partial<RecordSlot>, string, number]>([
    ['one event is no stall', { contentCount: 1 }, 'stall_count', 0],
    ['no image', { media: { imageCount: 0, audioSec: Number.NaN } }, 'num_images', Number.NaN],
    ['no image', { media: { imageCount: 0, audioSec: Number.NaN } }, 'image_latency', Number.NaN],
    ['no audio', { media: { imageCount: 0, audioSec: Number.NaN } }, 'rtfx', Number.NaN],
    [
      'no steps counted: no acceptance length',
      { specDecoding: { steps: Number.NaN, acceptedTokens: 6, draftTokens: 12 } },
      'spec_decode_acceptance_length',
      Number.NaN,
    ],
    [
      'no steps counted: an acceptance rate all the same',
      { specDecoding: { steps: Number.NaN, acceptedTokens: 6, draftTokens: 12 } },
      'spec_decode_draft_acceptance_rate',
      50,
    ],
    ['no speculative decoding', { specDecoding: undefined }, 'spec_decode_steps', Number.NaN],
    ['nothing but reasoning', { outputTokens: 0 }, 'thinking_efficiency', Number.NaN],
  ])('%s: %s', ([, changes, tag, expected]) => {
    expect(valuesOf(slotOf(changes)).get(tag)).toBe(expected);
  });

  test('a closed loop has a turnaround and no send lag', () => {
    const closed = valuesOf(slotOf({ dueNs: Number.NaN }), true, { ...EVERYTHING, openLoop: false });
    expect(closed.get('slot_turnaround')).toBe(40_000);
    expect(closed.has('send_lag')).toBe(false);
  });

  test.for([true, false])('whatever a record holds, no value is infinite (valid: %s)', (isValid) => {
    const { record } = createMetricSet(EVERYTHING);
    const values = new MetricValues(record);
    const numbers = Object.entries(slotOf()).flatMap(([key, value]) => (typeof value === 'number' ? [key] : []));
    const anyNumber = oneof(double(), constantFrom(0, -1, 1e308, Number.POSITIVE_INFINITY));
    const anyFields = anyRecord(Object.fromEntries(numbers.map((key) => [key, anyNumber])), { requiredKeys: [] });
    const anyEvents = array(anyNumber, { maxLength: 6 }).map((events) => ({
      contentNs: Float64Array.from(events),
      contentCount: events.length,
    }));
    assert(
      property(anyFields, anyEvents, (fields, events) => {
        values.compute(slotOf({ ...fields, ...events }), isValid);
        const infinite = record.filter((_, index) => Math.abs(values.at(index)) === Number.POSITIVE_INFINITY);
        expect(infinite.map(({ tag }) => tag)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
