import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Field, Int32, Schema, TimestampNanosecond, Utf8 } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { ArrowRecordSink, openArrowFile, encodeRows, type ColumnValues } from '@aiperf/records/file';
import { writeRawRecords } from './raw-records.ts';
import { recordMessage, recordSchema, type RecordRow } from './testing/record-file.ts';
import { temporaryFolder } from '@aiperf/records/testing';

const EPOCH_NS = 1_795_333_656_000_000_000n;
const chunkSchema = new Schema([
  new Field('x_request_id', new Utf8()),
  new Field('kind', new Utf8()),
  new Field('time_ns', new TimestampNanosecond('UTC'), true),
  new Field('event_index', new Int32(), true),
  new Field('read_index', new Int32(), true),
  new Field('field', new Utf8(), true),
  new Field('value', new Utf8()),
  new Field('http_status', new Int32(), true),
  new Field('content_type', new Utf8(), true),
]);

function record(id: string, values: RecordRow = {}): RecordRow {
  return {
    session_num: 0n,
    x_request_id: id,
    x_correlation_id: `c-${id}`,
    conversation_id: 's',
    turn_index: 0,
    worker_id: 'w',
    record_processor_id: 'p',
    benchmark_phase: 'profiling',
    phase_index: 0,
    was_cancelled: false,
    ...values,
  };
}

const request = (id: string, value: string, status: number | null = 200): ColumnValues => ({
  x_request_id: id,
  kind: 'request',
  time_ns: EPOCH_NS,
  value,
  http_status: status,
  content_type: status === null ? null : 'text/event-stream',
});
const event = (id: string, index: number, offsetNs: bigint, field: string, value: string): ColumnValues => ({
  x_request_id: id,
  kind: 'event',
  time_ns: EPOCH_NS + offsetNs,
  event_index: index,
  read_index: 0,
  field,
  value,
});

async function written(
  batches: readonly { readonly records: readonly RecordRow[]; readonly chunks: readonly ColumnValues[] }[],
): Promise<string[]> {
  await using folder = await temporaryFolder();
  const paths = { records: join(folder.path, 'r.arrow'), chunks: join(folder.path, 'c.arrow') };
  {
    await using records = await ArrowRecordSink.create(paths.records, recordSchema);
    await using chunks = await ArrowRecordSink.create(paths.chunks, chunkSchema);
    for (const batch of batches) {
      await records.append(recordMessage(batch.records));
      await chunks.append(encodeRows(chunkSchema, batch.chunks));
    }
    await records.finish(new Map());
    await chunks.finish(new Map());
  }
  await using records = await openArrowFile(paths.records);
  await using chunks = await openArrowFile(paths.chunks);
  const path = join(folder.path, 'raw.jsonl');
  const handle = await open(path, 'w');
  try {
    await writeRawRecords(records, chunks, handle, {
      origin: { monotonicNs: 7000n, epochNs: EPOCH_NS },
      phaseNames: ['main'],
      headers: [
        ['User-Agent', 'aiperf/1'],
        ['Accept', 'text/event-stream'],
      ],
    });
  } finally {
    await handle.close();
  }
  const text = await readFile(path, 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

describe('writeRawRecords', () => {
  test('a stream has its events with the times of their reads, on the clock of the machine', async () => {
    const [line = ''] = await written([
      {
        records: [record('a')],
        chunks: [
          request('a', '{"stream":true,"n":1e2}'),
          event('a', 0, 500n, 'event', 'delta'),
          event('a', 0, 500n, 'data', '{"x":"é\\n"}'),
          event('a', 1, 900n, 'data', '[DONE]'),
        ],
      },
    ]);
    expect(JSON.parse(line)).toEqual({
      metadata: expect.objectContaining({ x_request_id: 'a', phase_name: 'main', phase_kind: 'profiling' }) as unknown,
      start_perf_ns: 7000,
      request_headers: {
        'User-Agent': 'aiperf/1',
        'X-Request-ID': 'a',
        'X-Correlation-ID': 'c-a',
        Accept: 'text/event-stream',
      },
      status: 200,
      responses: [
        {
          perf_ns: 7500,
          packets: [
            { name: 'event', value: 'delta' },
            { name: 'data', value: '{"x":"é\\n"}' },
          ],
        },
        { perf_ns: 7900, packets: [{ name: 'data', value: '[DONE]' }] },
      ],
      payload: { stream: true, n: 100 },
    });
    expect(Object.keys(JSON.parse(line) as object)).toEqual([
      'metadata',
      'start_perf_ns',
      'request_headers',
      'status',
      'responses',
      'payload',
    ]);
    // The body is told as it was sent, digit for digit.
    expect(line).toContain('"payload":{"stream":true,"n":1e2}}');
  });

  test('a text response, an error page, a cancelled request, a body on several lines and one that is no JSON', async () => {
    const text = { x_request_id: 't', kind: 'text', time_ns: EPOCH_NS + 3n, value: '{"a":1}' };
    const page = { x_request_id: 'e', kind: 'text', time_ns: EPOCH_NS + 3n, value: 'oops' };
    const lines = await written([
      {
        records: [
          record('t'),
          record('e', { error_code: 500, error_type: 'Internal Server Error', error_message: 'oops' }),
        ],
        chunks: [
          { ...request('t', '{\n "b": 2\n}'), content_type: 'application/json' },
          text,
          { ...request('e', '{}', 500), content_type: 'text/plain' },
          page,
        ],
      },
      {
        records: [record('c', { was_cancelled: true, error_code: 499, error_type: 'RequestCancellationError' })],
        chunks: [request('c', 'no JSON', null)],
      },
    ]);
    const [first, second, third] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({
      responses: [{ perf_ns: 7003, text: '{"a":1}', content_type: 'application/json' }],
      payload: { b: 2 },
    });
    expect(second).toMatchObject({ status: 500, responses: [], error: { code: 500, message: 'oops' } });
    expect(third).toMatchObject({ responses: [], error: { code: 499 }, payload: 'no JSON' });
    expect(third).not.toHaveProperty('status');
  });

  test.for<[string, readonly ColumnValues[]]>([
    ['other requests', [request('b', '{}')]],
    ['too few requests', []],
  ])('a chunk file with %s is refused', async ([, chunks], { expect }) => {
    await expect(written([{ records: [record('a')], chunks }])).rejects.toMatchObject({
      code: 'AIPERF_EXPORT_CORRUPT_FILE',
    });
  });
});
