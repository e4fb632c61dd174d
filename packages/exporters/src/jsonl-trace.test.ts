import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bool, Field, Int64, Schema, TimestampNanosecond } from 'apache-arrow';
import { expect, test } from 'vitest';
import { ArrowRecordSink, openArrowFile } from '@aiperf/records/file';
import { writeJsonlRecords } from './jsonl-records.ts';
import { recordMessage, recordSchema, type RecordRow } from './testing/record-file.ts';
import { temporaryFolder } from '@aiperf/records/testing';

const EPOCH_NS = 1_795_333_656_021_402_123n;
const DURATIONS = ['blocked', 'dns_lookup', 'connecting', 'sending', 'waiting', 'receiving', 'duration'] as const;

const schema = new Schema([
  ...recordSchema.fields,
  new Field('request_queued_ns', new TimestampNanosecond('UTC'), true),
  new Field('request_send_end_ns', new TimestampNanosecond('UTC'), true),
  new Field('connection_reused', new Bool()),
  ...DURATIONS.map(
    (name) =>
      new Field(
        `http_req_${name}`,
        new Int64(),
        true,
        new Map([
          ['unit', 'ns'],
          ['display_unit', 'ms'],
        ]),
      ),
  ),
]);

async function traces(rows: readonly RecordRow[]): Promise<(Record<string, unknown> | undefined)[]> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'a.arrow');
  {
    await using sink = await ArrowRecordSink.create(path, schema);
    await sink.append(recordMessage(rows, schema));
    await sink.finish(new Map());
  }
  await using source = await openArrowFile(path);
  await using handle = await open(join(folder.path, 'a.jsonl'), 'w');
  await writeJsonlRecords(source, handle, { hasHttpTrace: true });
  const text = await readFile(join(folder.path, 'a.jsonl'), 'utf8');
  // Nanoseconds since 1970 are beyond the doubles of JSON.parse.
  const exact = text.replaceAll(/:(\d{19})/gu, ':"$1"');
  return exact
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { trace_data?: Record<string, unknown> }).trace_data);
}

const at = (offsetNs: bigint): string => String(EPOCH_NS + offsetNs);

test('a new connection: every phase with its points in time, which follow from one another', async () => {
  const [trace] = await traces([
    {
      session_num: 0n,
      request_queued_ns: EPOCH_NS,
      request_start_ns: EPOCH_NS + 100n,
      request_send_end_ns: EPOCH_NS + 130n,
      request_ack_ns: EPOCH_NS + 220n,
      connection_reused: false,
      http_req_blocked: 10n,
      http_req_dns_lookup: 20n,
      http_req_connecting: 60n,
      http_req_sending: 30n,
      http_req_waiting: 100n,
      http_req_receiving: 50n,
      http_req_duration: 180n,
    },
  ]);
  expect(trace).toMatchObject({
    trace_type: 'aiperf',
    connection_pool_wait_start_ns: at(0n),
    connection_pool_wait_end_ns: at(10n),
    dns_lookup_start_ns: at(10n),
    dns_lookup_end_ns: at(30n),
    tcp_connect_start_ns: at(30n),
    tcp_connect_end_ns: at(90n),
    request_send_start_ns: at(100n),
    request_send_end_ns: at(130n),
    response_headers_received_ns: at(220n),
    response_receive_start_ns: at(230n),
    response_receive_end_ns: at(280n),
    waiting_ns: 100,
    connecting_ns: 60,
  });
  expect(trace).not.toHaveProperty('connection_reused_ns');
});

test('a reused connection has no look-up and no connecting; a request that was never handed over has no trace', async () => {
  const [reused, never] = await traces([
    {
      session_num: 0n,
      request_queued_ns: EPOCH_NS,
      request_start_ns: EPOCH_NS + 5n,
      connection_reused: true,
      http_req_blocked: 5n,
      http_req_dns_lookup: 0n,
      http_req_connecting: 0n,
    },
    { session_num: 1n, connection_reused: false },
  ]);
  expect(reused).toMatchObject({ connection_reused_ns: at(5n) });
  for (const key of ['dns_lookup_start_ns', 'tcp_connect_start_ns', 'request_send_end_ns', 'waiting_ns'])
    expect(reused).not.toHaveProperty(key);
  expect(never).toBeUndefined();
});
