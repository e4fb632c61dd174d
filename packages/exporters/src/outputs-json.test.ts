import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Field, Schema, Utf8 } from 'apache-arrow';
import { expect, test } from 'vitest';
import { ArrowRecordSink, openArrowFile } from '@aiperf/records/file';
import { hasResponseTexts, writeOutputs } from './outputs-json.ts';
import { recordMessage, recordSchema, type RecordRow } from './testing/record-file.ts';
import { temporaryFolder } from '@aiperf/records/testing';

const schema = new Schema([...recordSchema.fields, new Field('response_text', new Utf8(), true)]);

function row(session: number, values: RecordRow = {}): RecordRow {
  return {
    session_num: BigInt(session),
    x_request_id: `r${session}`,
    conversation_id: `s${session}`,
    turn_index: 0,
    worker_id: 'w',
    benchmark_phase: 'profiling',
    phase_index: 1,
    request_start_ns: 1_795_333_656_000_000_001n,
    request_end_ns: 1_795_333_656_000_000_002n,
    request_latency: 2_000_000n,
    output_sequence_length: 3,
    response_text: `text ${session}`,
    ...values,
  };
}

async function outputs(batches: readonly (readonly RecordRow[])[]): Promise<string> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'r.arrow');
  {
    await using sink = await ArrowRecordSink.create(path, schema);
    for (const rows of batches) await sink.append(recordMessage(rows, schema));
    await sink.finish(new Map());
  }
  await using records = await openArrowFile(path);
  expect(hasResponseTexts(records)).toBe(true);
  const out = join(folder.path, 'outputs.json');
  const handle = await open(out, 'w');
  try {
    await writeOutputs(records, handle);
  } finally {
    await handle.close();
  }
  return readFile(out, 'utf8');
}

interface Outputs {
  readonly data: readonly { readonly session_num: number; readonly turn_index: number }[];
}

test('profiling requests in the order of their sessions and turns; a failed one has no text and no metrics', async () => {
  const text = await outputs([
    [row(0, { benchmark_phase: 'warmup', phase_index: 0 }), row(2), row(1, { turn_index: 1 })],
    [row(0), row(1), row(3, { response_text: null })],
  ]);
  const parsed = JSON.parse(text) as Outputs;
  expect(parsed.data.map(({ session_num, turn_index }) => [session_num, turn_index])).toEqual([
    [0, 0],
    [1, 0],
    [1, 1],
    [2, 0],
    [3, 0],
  ]);
  expect(parsed.data[3]).toEqual({
    session_num: 2,
    conversation_id: 's2',
    turn_index: 0,
    x_request_id: 'r2',
    // JSON.parse rounds them; the text is exact.
    request_start_ns: Number('1795333656000000001'),
    request_end_ns: Number('1795333656000000002'),
    metrics: { output_sequence_length: 3, request_latency: 2 },
    response_text: 'text 2',
  });
  expect(parsed.data[4]).toMatchObject({ metrics: {}, response_text: null });
  expect(text).toContain('"request_start_ns": 1795333656000000001,');
  expect(text).toContain('"request_latency": 2.0');
  // Indented as JSON.stringify would, numbers apart.
  expect(text.replaceAll(/\d+(\.\d+)?/gu, '0')).toBe(
    JSON.stringify(parsed, null, 2)
      .replace('"1.0"', '"0"')
      .replaceAll(/\d+(\.\d+)?/gu, '0'),
  );
});

test('texts that do not fit into memory together are read in several ranges', async () => {
  const long = 'x'.repeat(3 * 1024 * 1024);
  const sessions = Array.from({ length: 44 }, (_, i) => (i * 7) % 44);
  const batches = Array.from({ length: 11 }, (_, b) =>
    sessions.slice(b * 4, b * 4 + 4).map((session) => row(session, { response_text: long })),
  );
  const parsed = JSON.parse(await outputs(batches)) as Outputs;
  expect(parsed.data.map(({ session_num }) => session_num)).toEqual(Array.from({ length: 44 }, (_, i) => i));
});

test('without profiling requests the list is empty', async () => {
  expect(await outputs([[row(0, { benchmark_phase: 'warmup' })]])).toBe(
    '{\n  "schema_version": "1.0",\n  "data": []\n}',
  );
});
