import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openArrowFile } from '@aiperf/records/file';
import { writeJsonlRecords } from './jsonl-records.ts';
import { writeRecordFile, type RecordRow } from './testing/record-file.ts';
import { temporaryFolder } from '@aiperf/records/testing';

const EPOCH_NS = 1_795_333_656_021_402_123n;

const success: RecordRow = {
  session_num: 2n,
  x_request_id: 'r-2',
  x_correlation_id: 'c-2',
  conversation_id: 'session_000002',
  turn_index: 0,
  worker_id: 'worker_1',
  record_processor_id: 'record_processor_1',
  benchmark_phase: 'profiling',
  phase_index: 1,
  was_cancelled: false,
  credit_issued_ns: EPOCH_NS,
  request_start_ns: EPOCH_NS + 1n,
  request_ack_ns: EPOCH_NS + 50_000_001n,
  request_end_ns: EPOCH_NS + 110_309_851n,
  request_latency: 110_309_850n,
  output_sequence_length: 12,
  e2e_output_token_throughput: 108,
  http_req_data_received: 264n,
  requested_osl: 12,
  inter_chunk_latency: [5_000_000n, 4_999_999n],
};

async function lines(batches: readonly (readonly RecordRow[])[]): Promise<string[]> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'a.arrow');
  await writeRecordFile(path, batches);
  await using source = await openArrowFile(path);
  await using handle = await open(join(folder.path, 'a.jsonl'), 'w');
  await writeJsonlRecords(source, handle);
  const text = await readFile(join(folder.path, 'a.jsonl'), 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

test('a good request: metadata in order, exact times, metrics in display units', async () => {
  expect(await lines([[success]])).toEqual([
    '{"metadata":{"session_num":2,"x_request_id":"r-2","x_correlation_id":"c-2","conversation_id":"session_000002","turn_index":0,' +
      '"credit_issued_ns":1795333656021402123,"request_start_ns":1795333656021402124,"request_ack_ns":1795333656071402124,' +
      '"request_end_ns":1795333656131711974,"worker_id":"worker_1","record_processor_id":"record_processor_1",' +
      '"benchmark_phase":"profiling","phase_index":1,"profiling_index":0,"phase_name":"profiling","phase_kind":"profiling",' +
      '"was_cancelled":false,"context_overflow_skip":false,"agent_depth":0,"root_correlation_id":"c-2"},' +
      '"metrics":{"request_latency":{"value":110.30985,"unit":"ms"},"output_sequence_length":{"value":12,"unit":"tokens"},' +
      '"e2e_output_token_throughput":{"value":108.0,"unit":"tokens/sec/user"},' +
      '"http_req_data_received":{"value":0.2578125,"unit":"KB"},"inter_chunk_latency":{"value":[5.0,4.999999],"unit":"ms"}}}',
  ]);
});

test('what is null has no key; a failed and a cancelled request carry their error', async () => {
  const none = {
    request_ack_ns: null,
    request_latency: null,
    output_sequence_length: null,
    e2e_output_token_throughput: null,
    http_req_data_received: null,
    inter_chunk_latency: null,
  };
  const failed = {
    ...success,
    ...none,
    error_code: 500,
    error_type: 'Internal Server Error',
    error_message: '{"error":"in\njected"}',
    error_kind: 'http_status',
  };
  const cancelled = {
    ...success,
    ...none,
    was_cancelled: true,
    error_code: 499,
    error_type: 'RequestCancellationError',
    error_message: 'cancelled',
    error_kind: 'cancelled',
  };
  const cut = {
    ...success,
    ...none,
    error_type: 'ClientPayloadError',
    error_message: 'cut “here”',
    error_kind: 'stream_cut',
  };
  const records = (await lines([[failed], [cancelled, cut]])).map(
    (line) => JSON.parse(line) as Record<string, Record<string, unknown>>,
  );
  expect(records.map(({ metrics }) => metrics)).toEqual([{}, {}, {}]);
  expect(records.map(({ error }) => error)).toEqual([
    { code: 500, type: 'Internal Server Error', message: '{"error":"in\njected"}', kind: 'http_status' },
    { code: 499, type: 'RequestCancellationError', message: 'cancelled', kind: 'cancelled' },
    { type: 'ClientPayloadError', message: 'cut “here”', kind: 'stream_cut' },
  ]);
  expect(records.map(({ metadata }) => 'request_ack_ns' in (metadata ?? {}))).toEqual([false, false, false]);
  expect(records.map(({ metadata }) => 'cancellation_time_ns' in (metadata ?? {}))).toEqual([false, true, false]);
});

test('profiling phases count from zero after a warm-up, which has no profiling index', async () => {
  const warmup = { ...success, benchmark_phase: 'warmup', phase_index: 0 };
  const records = (await lines([[warmup, success], [{ ...success, phase_index: 2 }]])).map(
    (line) => (JSON.parse(line) as { metadata: Record<string, unknown> }).metadata,
  );
  expect(records.map(({ profiling_index }) => profiling_index)).toEqual([undefined, 0, 1]);
});

test('many rows in several batches stay in order', async () => {
  const batches = Array.from({ length: 5 }, (_, b) =>
    Array.from({ length: 700 }, (_, i) => ({ ...success, session_num: BigInt(b * 700 + i) })),
  );
  const numbers = (await lines(batches)).map(
    (line) => (JSON.parse(line) as { metadata: { session_num: number } }).metadata.session_num,
  );
  expect(numbers).toEqual(Array.from({ length: 3500 }, (_, i) => i));
});

test('a file without rows gives an empty file', async () => {
  expect(await lines([])).toEqual([]);
});
