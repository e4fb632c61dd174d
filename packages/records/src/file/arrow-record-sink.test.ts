import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dictionary, Field, Int32, Schema, Utf8, tableFromIPC, type Timestamp } from 'apache-arrow';
import { array, assert, asyncProperty, bigInt, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArrowRecordSink } from './arrow-record-sink.ts';
import type { ArrowColumnBatch } from '../decode/column-batch.ts';
import { openArrowFile, type RecordSource } from './file-reader.ts';
import { encodeSchemaMessage } from '../encode/arrow-fields.ts';
import { RECOVERED_KEY, recoverArrowFile } from './recover.ts';
import { temporaryFolder, testMessage, testRows, testSchema, type TestRow } from '../testing/index.ts';

const ALL = testSchema.fields.map((field) => field.name);

function rowsOf(batch: ArrowColumnBatch): TestRow[] {
  const gaps = batch.list('gaps');
  const at = <T>(values: ArrayLike<T>, row: number): T => {
    const value = values[row];
    if (value === undefined) throw new Error(`row ${row} is missing`);
    return value;
  };
  const orNull = <T>(name: string, row: number, value: T): T | null => (batch.nulls(name)?.[row] === 1 ? null : value);
  const columns = {
    start: batch.bigints('start'),
    latency: batch.bigints('latency'),
    throughput: batch.numbers('throughput'),
    turn: batch.numbers('turn'),
    cancelled: batch.numbers('cancelled'),
    worker: batch.strings('worker'),
  };
  return Array.from({ length: batch.rowCount }, (_, row) => ({
    start: orNull('start', row, at(columns.start, row)),
    latency: orNull('latency', row, at(columns.latency, row)),
    throughput: orNull('throughput', row, at(columns.throughput, row)),
    turn: orNull('turn', row, at(columns.turn, row)),
    cancelled: orNull('cancelled', row, at(columns.cancelled, row) === 1),
    worker: at(columns.worker, row),
    gaps: orNull('gaps', row, [...gaps.values.subarray(at(gaps.offsets, row), at(gaps.offsets, row + 1))]),
  }));
}

async function readAll(source: RecordSource): Promise<TestRow[]> {
  const rows: TestRow[] = [];
  for await (const batch of source.batches(ALL)) rows.push(...rowsOf(batch));
  return rows;
}

describe('ArrowRecordSink', () => {
  test('gives every value back, before the end and from the finished file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.arrow');
    await using sink = await ArrowRecordSink.create(path, testSchema);
    const rows = testRows(500);
    await Promise.all([sink.append(testMessage(rows.slice(0, 37))), sink.append(testMessage(rows.slice(37)))]);
    expect(await readAll(sink)).toEqual(rows);
    await sink.finish(new Map([['aiperf.summary', '{}']]));

    await using file = await openArrowFile(path);
    expect(file.isFinished).toBe(true);
    expect(file.rowCount).toBe(500);
    expect(file.metadata.get('aiperf.version')).toBe('0.1.0');
    expect(file.metadata.get('aiperf.summary')).toBe('{}');
    expect(await readAll(file)).toEqual(rows);
  });

  test('scan gives nulls as NaN, 64-bit integers as the nearest double, booleans as 0 and 1', async () => {
    await using folder = await temporaryFolder();
    await using sink = await ArrowRecordSink.create(join(folder.path, 'a.arrow'), testSchema);
    const rows = testRows(40);
    await sink.append(testMessage(rows));
    let batchCount = 0;
    await sink.scan(['latency', 'start', 'cancelled'], (batch) => {
      batchCount += 1;
      expect([...batch.numbers('latency')]).toEqual(
        rows.map((row) => (row.latency === null ? Number.NaN : Number(row.latency))),
      );
      expect([...batch.numbers('start')]).toEqual(
        rows.map((row) => (row.start === null ? Number.NaN : Number(row.start))),
      );
      expect([...batch.numbers('cancelled')]).toEqual(
        rows.map((row) => (row.cancelled === null ? Number.NaN : Number(row.cancelled))),
      );
      expect(() => batch.numbers('turn')).toThrow(/was not asked for/);
    });
    expect(batchCount).toBe(1);
    await expect(sink.scan(['nonsense'], () => {})).rejects.toMatchObject({ code: 'AIPERF_RECORDS_UNKNOWN_COLUMN' });
  });

  test('negative and extreme 64-bit integers become the nearest double', async () => {
    await assert(
      asyncProperty(
        array(bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 20 }),
        async (values) => {
          await using folder = await temporaryFolder();
          await using sink = await ArrowRecordSink.create(join(folder.path, 'a.arrow'), testSchema);
          const [template] = testRows(1);
          if (template === undefined) throw new Error('no row');
          await sink.append(testMessage(values.map((latency) => ({ ...template, latency }))));
          const seen: number[] = [];
          await sink.scan(['latency'], (batch) => seen.push(...batch.numbers('latency')));
          expect(seen).toEqual(values.map(Number));
        },
      ),
      { numRuns: 20 },
    );
  });

  test('keeps the given bytes unchanged, 8-aligned, after magic and schema', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.arrow');
    await using sink = await ArrowRecordSink.create(path, testSchema);
    const messages = [testMessage(testRows(3)), testMessage(testRows(0)), testMessage(testRows(9, 3))];
    await Promise.all(messages.map((message) => sink.append(message)));
    const bytes = await readFile(path);
    const expected = Buffer.concat([Buffer.from('ARROW1\0\0'), encodeSchemaMessage(testSchema), ...messages]);
    expect(bytes.equals(expected)).toBe(true);
    expect(sink.rowCount).toBe(12);
  });

  test('arrow-js reads the finished file with the same types', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.arrow');
    await using sink = await ArrowRecordSink.create(path, testSchema);
    await sink.append(testMessage(testRows(20)));
    await sink.finish(new Map());
    const table = tableFromIPC(await readFile(path));
    expect(table.numRows).toBe(20);
    expect(table.schema.fields.map(String)).toEqual(testSchema.fields.map(String));
    expect((table.schema.fields[0]?.type as Timestamp | undefined)?.timezone).toBe('UTC');
    expect(table.schema.fields[1]?.metadata.get('unit')).toBe('ns');
  });

  test('never overwrites, refuses other bytes, and says so after the end', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.arrow');
    await using sink = await ArrowRecordSink.create(path, testSchema);
    await expect(ArrowRecordSink.create(path, testSchema)).rejects.toMatchObject({
      code: 'AIPERF_RECORDS_ALREADY_EXISTS',
    });
    const message = testMessage(testRows(2));
    const wrong = [
      new Uint8Array(0),
      new Uint8Array(64),
      message.subarray(0, -8),
      encodeSchemaMessage(testSchema),
      Buffer.concat([message, message]),
    ];
    for (const bytes of wrong)
      await expect(sink.append(bytes)).rejects.toMatchObject({ code: 'AIPERF_RECORDS_BAD_BATCH' });
    await sink.append(message);
    await sink.finish(new Map());
    await expect(sink.append(message)).rejects.toMatchObject({ code: 'AIPERF_RECORDS_CLOSED' });
    await using file = await openArrowFile(path);
    expect(file.rowCount).toBe(2);
  });

  test('refuses a dictionary column before anything is written', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.arrow');
    const schema = new Schema([new Field('d', new Dictionary(new Utf8(), new Int32()))]);
    await expect(ArrowRecordSink.create(path, schema)).rejects.toMatchObject({
      code: 'AIPERF_RECORDS_UNSUPPORTED_TYPE',
    });
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('an empty run gives a valid file without rows', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a.arrow');
    await using sink = await ArrowRecordSink.create(path, testSchema);
    await sink.finish(new Map());
    expect(tableFromIPC(await readFile(path)).numRows).toBe(0);
  });
});

describe('recoverArrowFile', () => {
  async function smallFile(path: string): Promise<{ bytes: Buffer; schemaEnd: number; ends: number[] }> {
    const messages = [testMessage(testRows(2)), testMessage(testRows(3, 2)), testMessage(testRows(1, 5))];
    await using sink = await ArrowRecordSink.create(path, testSchema);
    for (const message of messages) await sink.append(message);
    await sink.finish(new Map());
    const schemaEnd = 8 + encodeSchemaMessage(testSchema).byteLength;
    const ends = messages.map((_, i) => schemaEnd + messages.slice(0, i + 1).reduce((sum, m) => sum + m.byteLength, 0));
    return { bytes: await readFile(path), schemaEnd, ends };
  }

  test('wherever the file was cut, every complete batch is there, and a second call changes nothing', async () => {
    await using folder = await temporaryFolder();
    const { bytes, schemaEnd, ends } = await smallFile(join(folder.path, 'whole.arrow'));
    const path = join(folder.path, 'cut.arrow');
    const rowCounts = [2, 5, 6];
    const edges = [0, 8, schemaEnd, ...ends, bytes.byteLength];
    const cuts = Array.from({ length: bytes.byteLength }, (_, length) => length).filter(
      (length) => length % 23 === 0 || edges.some((edge) => Math.abs(edge - length) <= 9),
    );
    for (const length of cuts) {
      await writeFile(path, bytes.subarray(0, length));
      if (length < schemaEnd) {
        await expect(recoverArrowFile(path)).rejects.toMatchObject({ code: 'AIPERF_RECORDS_NO_SCHEMA' });
        continue;
      }
      const batchCount = ends.filter((end) => end <= length).length;
      const expectedRows = testRows(rowCounts[batchCount - 1] ?? 0);
      const report = await recoverArrowFile(path);
      expect(report).toEqual({
        wasRepaired: true,
        batchCount,
        rowCount: expectedRows.length,
        droppedBytes: length - (ends[batchCount - 1] ?? schemaEnd),
      });
      const repaired = await readFile(path);
      expect(tableFromIPC(repaired).numRows).toBe(expectedRows.length);
      await using file = await openArrowFile(path);
      expect(file.isFinished).toBe(true);
      expect(file.metadata.get(RECOVERED_KEY)).toBe('true');
      expect(await readAll(file)).toEqual(expectedRows);
      expect((await recoverArrowFile(path)).wasRepaired).toBe(false);
      expect((await readFile(path)).equals(repaired)).toBe(true);
    }
  });

  test('an unfinished file is readable as it is', async () => {
    await using folder = await temporaryFolder();
    const { bytes, ends } = await smallFile(join(folder.path, 'whole.arrow'));
    const path = join(folder.path, 'cut.arrow');
    await writeFile(path, bytes.subarray(0, (ends[1] ?? 0) + 11));
    await using file = await openArrowFile(path);
    expect(file.isFinished).toBe(false);
    expect(await readAll(file)).toEqual(testRows(5));
  });

  test('zeros or garbage after the last batch are dropped', async () => {
    await using folder = await temporaryFolder();
    const { bytes, ends } = await smallFile(join(folder.path, 'whole.arrow'));
    const path = join(folder.path, 'cut.arrow');
    await assert(
      asyncProperty(uint8Array({ minLength: 1, maxLength: 200 }), async (tail) => {
        await writeFile(path, Buffer.concat([bytes.subarray(0, ends[2]), tail]));
        expect(await recoverArrowFile(path)).toMatchObject({ rowCount: 6, droppedBytes: tail.byteLength });
      }),
      { numRuns: 50, examples: [[new Uint8Array(4096)], [Buffer.from('....ARROW1')]] },
    );
  });

  test.for<[string, Buffer, string]>([
    ['text', Buffer.from('Metric,avg\n'), 'AIPERF_RECORDS_FOREIGN_FILE'],
    ['Parquet', Buffer.from('PAR1....PAR1'), 'AIPERF_RECORDS_FOREIGN_FILE'],
    ['nothing', Buffer.alloc(0), 'AIPERF_RECORDS_NO_SCHEMA'],
    [
      'a file without a leading schema',
      Buffer.concat([Buffer.from('ARROW1\0\0'), testMessage(testRows(1))]),
      'AIPERF_RECORDS_NO_SCHEMA',
    ],
  ])('leaves %s alone and says what it is', async ([, bytes, code]) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'x');
    await writeFile(path, bytes);
    await expect(recoverArrowFile(path)).rejects.toMatchObject({ code, message: expect.stringContaining(path) });
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });
});
