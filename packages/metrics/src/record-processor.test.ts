import type { RequestRecord } from '@aiperf/records';
import { endpointOf, type ResponseParser } from '@aiperf/endpoints';
import { describe, expect, test } from 'vitest';
import { createMetricSet } from './metric-set.ts';
import { createRecordSchema } from './record-schema.ts';
import { RecordProcessor, type RawRecords } from './record-processor.ts';
import { readMessage } from '@aiperf/records/testing';
import { changed, CHAT_MODE, contentEvent, requestRecord } from './test-records.test.support.ts';

const metrics = createMetricSet(CHAT_MODE);
const schema = createRecordSchema(metrics);

/** Every word is a token. */
const wordCounter = {
  countAll: (texts: readonly string[]) => texts.map((text) => text.split(/\s+/u).filter((word) => word !== '').length),
};

function processor(
  mode = CHAT_MODE,
  countsTokens = true,
  parser: ResponseParser = endpointOf('chat').createParser(),
): RecordProcessor {
  return new RecordProcessor({
    recordProcessorId: 'record_processor_1',
    metrics: createMetricSet(mode),
    parser,
    ...(countsTokens ? { tokens: wordCounter } : {}),
    names: {
      conversationId: (index) => `session_${index}`,
      requestId: (phase, credit) => `p${phase}-r${credit}`,
      correlationId: (phase, session) => `p${phase}-s${session}`,
    },
    phaseKind: (index) => (index === 0 ? 'warmup' : 'profiling'),
    originEpochNs: 1_795_000_000_000_000_000n,
  });
}

function rawOf(records: readonly RequestRecord[]): RawRecords {
  return {
    workerId: 'worker_1',
    rowCount: records.length,
    record: (row) => {
      const found = records[row];
      if (found === undefined) throw new RangeError(`no record ${row}`);
      return found;
    },
  };
}

/** Processes all records and gives the header and the rows as plain objects. */
function process(
  records: readonly RequestRecord[],
  used = processor(),
  usedSchema = schema,
): { header: unknown; rows: Record<string, unknown>[] } {
  const raw = rawOf(records);
  for (let row = 0; row < raw.rowCount;) row = used.processGroup(raw, row);
  const batch = used.take();
  if (batch === undefined) throw new Error('no batch');
  const table = readMessage(usedSchema, batch.message);
  const rows = table
    .toArray()
    .map((row: { toJSON(): Record<string, unknown> }) =>
      Object.fromEntries(
        Object.entries(row.toJSON()).map(([name, value]) => [
          name,
          typeof value === 'bigint'
            ? Number(value)
            : typeof value === 'object' && value !== null
              ? Array.from(value as Iterable<bigint>, Number)
              : value,
        ]),
      ),
    );
  return { header: batch.header, rows };
}

const USAGE =
  'data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"completion_tokens_details":{"reasoning_tokens":2}}}\n\n';

/** Role at 10 ms, reasoning at 50 and 60, output at 80, twice at 100, usage and the end later: starts at 1 ms. */
const streamed = requestRecord({
  creditId: 7,
  phaseIndex: 1,
  sessionNumber: 3,
  conversationIndex: 5,
  reads: [
    [10_000_000, contentEvent({ role: 'assistant', content: '' })],
    [50_000_000, contentEvent({ reasoning_content: 'let me ' })],
    [60_000_000, contentEvent({ reasoning_content: 'think' })],
    [80_000_000, contentEvent({ content: 'one ' })],
    [100_000_000, contentEvent({ content: 'two ' }) + contentEvent({ content: 'three' }, 'stop')],
    [120_000_000, USAGE],
    [130_000_000, 'data: [DONE]\n\n'],
  ],
  timeline: {
    queuedNs: 400_000,
    connectStartNs: 500_000,
    dnsEndNs: 600_000,
    connectEndNs: 900_000,
    connectionReused: false,
  },
});

describe('RecordProcessor', () => {
  test('computes the metrics of a stream with reasoning, coalesced events and usage', () => {
    const { rows } = process([streamed]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      session_num: 3,
      x_request_id: 'p1-r7',
      x_correlation_id: 'p1-s3',
      conversation_id: 'session_5',
      worker_id: 'worker_1',
      record_processor_id: 'record_processor_1',
      benchmark_phase: 'profiling',
      phase_index: 1,
      valid: true,
      was_cancelled: false,
      request_start_offset_ns: 1_000_000,
      due_ns: null,
      error_kind: null,
      finish_reason: 'stop',
      content_event_count: 5,
      // The first token is reasoning, the last event with content is not the last event.
      time_to_first_token: 49_000_000,
      time_to_second_token: 10_000_000,
      time_to_first_output_token: 79_000_000,
      request_latency: 99_000_000,
      decode_duration: 50_000_000,
      inter_chunk_latency: [10_000_000, 20_000_000, 20_000_000, 0],
      input_sequence_length: 10,
      output_sequence_length: 6,
      output_token_count: 3,
      reasoning_token_count: 3,
      inter_token_latency: 10_000_000,
      output_token_throughput_per_user: 100,
      e2e_output_token_throughput: 6e9 / 99_000_000,
      prefill_throughput_per_user: 10e9 / 49_000_000,
      requested_osl: 4,
      osl_mismatch_diff_pct: 50,
      coalescing_ratio: 1.25,
      usage_prompt_tokens: 12,
      usage_completion_tokens: 5,
      usage_reasoning_tokens: 2,
      usage_total_tokens: 17,
      usage_prompt_cache_read_tokens: null,
      usage_prompt_tokens_diff_pct: 20,
      usage_completion_tokens_diff_pct: (1 / 6) * 100,
      usage_reasoning_tokens_diff_pct: (1 / 3) * 100,
      error_isl: null,
      credit_to_start_latency: 100_000,
      effective_latency: 130_005_000 - 900_000,
      slot_turnaround: null,
      http_req_blocked: 100_000,
      http_req_dns_lookup: 100_000,
      http_req_connecting: 300_000,
      http_req_connection_overhead: 500_000,
      http_req_sending: 10_000,
      http_req_waiting: 8_990_000,
      http_req_receiving: 120_000_000,
      http_req_duration: 129_000_000,
      http_req_total: 129_500_000,
      http_req_connection_reused: 0,
      http_req_data_sent: 512,
      http_req_data_received: 2048,
      http_req_chunks_sent: 1,
      http_req_chunks_received: 7,
    });
  });

  test('the input of a later turn is all that was sent: the turns before it and their replies, each counted by itself', () => {
    const later = { turnIndex: 2, inputTokens: 12, historyReplies: ['one two', 'three'] };
    const { rows } = process([
      requestRecord({ reads: [[5_000_000, contentEvent({ content: 'first' }, 'stop')]] }),
      requestRecord({ ...later, reads: [[5_000_000, contentEvent({ content: 'yes yes' }, 'stop')]] }),
      requestRecord({ ...later, timeline: { status: 500, statusText: 'Internal Server Error' } }),
    ]);
    expect(rows).toMatchObject([
      { turn_index: 0, input_sequence_length: 10, output_sequence_length: 1 },
      { turn_index: 2, input_sequence_length: 15, output_sequence_length: 2 },
      { turn_index: 2, valid: false, error_isl: 15 },
    ]);
  });

  test('a whole response has a latency and no first token', () => {
    const mode = { ...CHAT_MODE, streaming: false };
    const body = JSON.stringify({
      choices: [
        {
          index: 0,
          message: { content: 'a b c', tool_calls: [{ function: { name: 'f', arguments: ' 1 2' } }] },
          finish_reason: 'stop',
        },
      ],
    });
    const record = requestRecord({
      phaseIndex: 1,
      reads: [[5_000_000, body]],
      timeline: { contentType: 'application/json' },
    });
    const { rows } = process([record], processor(mode), createRecordSchema(createMetricSet(mode)));
    expect(rows[0]).toMatchObject({
      valid: true,
      request_latency: 4_000_000,
      output_sequence_length: 5,
      reasoning_token_count: null,
    });
    expect(rows[0]).not.toHaveProperty('time_to_first_token');
  });

  test('an answer that is no text is timed and valid, and has no tokens and no text', () => {
    const chat = endpointOf('chat').createParser();
    // Rankings in the place of chat's text.
    const rankings: ResponseParser = {
      parseResponse: (record) => ({ ...chat.parseResponse(record), answer: { kind: 'rankings' } }),
    };
    const mode = { ...CHAT_MODE, streaming: false, producesTokens: false };
    const usedSchema = createRecordSchema(createMetricSet(mode));
    const { rows } = process([streamed], processor(mode, true, rankings), usedSchema);
    expect(rows[0]).toMatchObject({ valid: true, input_sequence_length: 10 });
    expect(rows[0]?.['request_latency']).toBeGreaterThan(0);
    expect(rows[0]).not.toHaveProperty('output_sequence_length');
  });

  test('a due time makes an open loop: send lag, and effective latency from the due time', () => {
    const mode = { ...CHAT_MODE, openLoop: true };
    const { rows } = process(
      [changed(streamed, { dueNs: 970_000, creditIssuedNs: 100_000 })],
      processor(mode),
      createRecordSchema(createMetricSet(mode)),
    );
    expect(rows[0]).toMatchObject({
      send_lag: 30_000,
      effective_latency: 130_005_000 - 970_000,
      credit_to_start_latency: 30_000,
    });
  });

  test.for([
    ['the slot was free after the credit', 100_000, 40_000, 40_000],
    ['the slot was free before the credit', 980_000, 40_000, 20_000],
    ['the first request of a slot', 900_000, Number.NaN, 100_000],
  ] as const)(
    'closed loop, %s: latency counts from when it could be sent',
    ([, creditIssuedNs, turnaroundNs, waitNs]) => {
      const { rows } = process([changed(streamed, { creditIssuedNs, turnaroundNs })]);
      expect(rows[0]).toMatchObject({
        slot_turnaround: Number.isNaN(turnaroundNs) ? null : turnaroundNs,
        credit_to_start_latency: waitNs,
        effective_latency: 129_005_000 + waitNs,
      });
    },
  );

  test('a second send after an empty reply is no lateness of the client, and its cost is in the effective latency', () => {
    const timeline = { startNs: 1_000_000, resendNs: 600_000, resentCount: 1, queuedNs: 390_000 };
    const reads = [[2_000_000, contentEvent({ content: 'x' }, 'stop')]] as const;
    const mode = { ...CHAT_MODE, openLoop: true };
    const open = requestRecord({ phaseIndex: 1, reads, timeline, dueNs: 380_000, creditIssuedNs: 100_000 });
    const schema = createRecordSchema(createMetricSet(mode));
    expect(process([open], processor(mode), schema).rows[0]).toMatchObject({
      send_lag: 20_000,
      credit_to_start_latency: 20_000,
      effective_latency: 2_005_000 - 380_000,
    });
    const closed = requestRecord({ phaseIndex: 1, reads, timeline, turnaroundNs: 30_000, creditIssuedNs: 370_000 });
    expect(process([closed]).rows[0]).toMatchObject({
      slot_turnaround: 30_000,
      credit_to_start_latency: 30_000,
      effective_latency: 2_005_000 - 370_000,
    });
  });

  test('server counts: what usage says counts, and what it does not say is absent', () => {
    const mode = { ...CHAT_MODE, countsOnClient: false };
    const silent = requestRecord({ phaseIndex: 1, reads: [[2_000_000, contentEvent({ content: 'x' }, 'stop')]] });
    const { rows } = process([streamed, silent], processor(mode, false), createRecordSchema(createMetricSet(mode)));
    expect(rows[0]).toMatchObject({
      input_sequence_length: 12,
      output_sequence_length: 5,
      output_token_count: 3,
      reasoning_token_count: 2,
    });
    expect(rows[1]).toMatchObject({
      valid: true,
      input_sequence_length: null,
      output_sequence_length: null,
      inter_token_latency: null,
    });
  });

  test('with objectives a row says whether it is good; a failed one says nothing', () => {
    const mode = { ...CHAT_MODE, goodput: [{ tag: 'time_to_first_token', value: 49 }] };
    const late = changed(streamed, { startNs: 999_999 });
    const failed = requestRecord({ phaseIndex: 1, timeline: { status: 500, statusText: 'Internal Server Error' } });
    const { rows } = process([streamed, late, failed], processor(mode), createRecordSchema(createMetricSet(mode)));
    expect(rows.map((row) => row['good_request_count'])).toEqual([1, 0, null]);
  });

  test('server counts with usage in every chunk: ITL is over the tokens after the first chunk', () => {
    const mode = { ...CHAT_MODE, countsOnClient: false };
    const withUsage = (text: string, tokens: number): string =>
      contentEvent({ content: text }).replace(
        '}\n\n',
        `,"usage":{"prompt_tokens":3,"completion_tokens":${tokens}}}\n\n`,
      );
    const reads = [
      [11_000_000, withUsage('four tokens', 4)],
      [31_000_000, withUsage('then two', 6)],
      [51_000_000, withUsage('and two', 8) + contentEvent({}, 'stop')],
    ] as const;
    const record = requestRecord({ phaseIndex: 1, reads });
    const schemaOfMode = createRecordSchema(createMetricSet(mode));
    expect(process([record], processor(mode, false), schemaOfMode).rows[0]).toMatchObject({
      output_sequence_length: 8,
      decode_duration: 40_000_000,
      inter_token_latency: 10_000_000,
      stream_setup_latency: 20_000,
      stall_count: 0,
      max_inter_chunk_latency: 20_000_000,
    });
  });

  test('a prompt that did not fit is told apart from other failures', () => {
    const failure = (message: string): RequestRecord =>
      requestRecord({
        phaseIndex: 1,
        reads: [[2_000_000, JSON.stringify({ error: { message } })]],
        timeline: { status: 400, statusText: 'Bad Request', contentType: 'application/json' },
      });
    const { rows } = process([failure('maximum context length is 4096'), failure('no messages'), streamed]);
    expect(rows.map((row) => row['context_overflow'])).toEqual([true, false, false]);
  });

  const cut = requestRecord({ phaseIndex: 1, creditId: 1, reads: [[3_000_000, contentEvent({ content: 'half' })]] });
  const refused = requestRecord({
    phaseIndex: 1,
    timeline: {
      startNs: Number.NaN,
      headersNs: Number.NaN,
      error: { code: 'connection_refused', type: 'ConnectionRefused', message: 'no' },
    },
  });
  const status = requestRecord({
    phaseIndex: 1,
    reads: [[2_000_000, '{"error":{"message":"injected"}}']],
    timeline: { status: 500, statusText: 'Internal Server Error', contentType: 'application/json' },
  });
  const cancelled = requestRecord({
    phaseIndex: 1,
    cancelled: true,
    reads: [[3_000_000, contentEvent({ content: 'half' })]],
    timeline: { error: { code: 'cancelled', type: 'RequestCancellationError', message: 'the run ended' } },
  });

  test('failed requests keep their times and input, but have no metrics of an answer', () => {
    const { rows } = process([cut, refused, status]);
    expect(rows[0]).toMatchObject({
      valid: false,
      error_kind: 'stream_cut',
      error_code: null,
      content_event_count: 1,
      time_to_first_token: null,
      request_latency: null,
      inter_chunk_latency: null,
      input_sequence_length: null,
      error_isl: 10,
      effective_latency: 3_005_000 - 900_000,
    });
    expect(rows[1]).toMatchObject({
      request_start_ns: null,
      request_ack_ns: null,
      credit_to_start_latency: null,
      error_isl: 10,
    });
    expect(rows[2]).toMatchObject({ error_code: 500, error_type: 'Internal Server Error', error_message: 'injected' });
  });

  test('a cancelled request is a row without any metric and without an error count', () => {
    const { rows, header } = process([cancelled]);
    expect(rows[0]).toMatchObject({
      was_cancelled: true,
      valid: false,
      error_code: 499,
      error_isl: null,
      effective_latency: null,
    });
    expect(header).toMatchObject({ phases: { 1: { rows: 1, errors: 0, cancelled: 1 } }, errors: [], live: {} });
  });

  test.for<[string, RequestRecord, string]>([
    [
      'no output',
      requestRecord({ reads: [[2_000_000, `${contentEvent({ role: 'assistant' }, 'stop')}data: [DONE]\n\n`]] }),
      'empty_output',
    ],
    ['an end before its start', changed(streamed, { endNs: 1 }), 'invalid_response'],
  ])('a record with %s fails, whatever its status', ([, record, kind]) => {
    const { rows, header } = process([record]);
    expect(rows[0]).toMatchObject({ valid: false, error_kind: kind });
    expect(header).toMatchObject({ errors: [{ kind, count: 1 }] });
  });

  test('the header says what is in the batch: by phase, equal errors together, sketches of profiling', () => {
    const warmup = changed(streamed, { phaseIndex: 0 });
    const { header } = process([streamed, streamed, warmup, cut, cut, cancelled]);
    expect(header).toMatchObject({
      record_processor_id: 'record_processor_1',
      rows: 6,
      phases: { 0: { rows: 1, errors: 0, cancelled: 0 }, 1: { rows: 5, errors: 2, cancelled: 1 } },
      errors: [{ phase_index: 1, code: null, kind: 'stream_cut', count: 2 }],
    });
    const { live } = header as { live: Record<string, [number, number][]> };
    expect(live['time_to_first_token']?.map(([, count]) => count)).toEqual([2]);
  });

  test('groups, growth and batches do not change a row; nothing is carried over', () => {
    const many = Array.from({ length: 2500 }, (_, index) =>
      changed(index % 3 === 0 ? cut : streamed, { creditId: index }),
    );
    const used = processor();
    const { rows } = process(many, used);
    const [first] = process([streamed]).rows;
    expect(rows).toHaveLength(2500);
    expect(rows.every((row, index) => row['x_request_id'] === `p1-r${index}`)).toBe(true);
    expect(rows[2500 - 1]).toEqual({ ...process([cut]).rows[0], x_request_id: 'p1-r2499' });
    expect(rows[1]).toEqual({ ...first, x_request_id: 'p1-r1' });
    expect(used.take()).toBeUndefined();
    expect(process([streamed], used).header).toMatchObject({ rows: 1, errors: [] });
  });
});
