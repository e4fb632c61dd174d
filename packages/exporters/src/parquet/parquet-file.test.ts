import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { ArrowRecordSink, openArrowFile } from '@aiperf/records/file';
import { temporaryFolder, testMessage, testRows, testSchema } from '@aiperf/records/testing';
import { writeParquet } from './parquet-file.ts';

async function converted(folder: string, batches: readonly number[]): Promise<string> {
  const arrowPath = join(folder, 'a.arrow');
  {
    await using sink = await ArrowRecordSink.create(arrowPath, testSchema);
    let first = 0;
    for (const count of batches) {
      await sink.append(testMessage(testRows(count, first)));
      first += count;
    }
    await sink.finish(new Map([['aiperf.summary', '{}']]));
  }
  const path = join(folder, 'a.parquet');
  await using source = await openArrowFile(arrowPath);
  const handle = await open(path, 'w');
  try {
    await writeParquet(source, handle);
  } finally {
    await handle.close();
  }
  return path;
}

test('every value, null, list and nanosecond comes back, over several row groups', async () => {
  await using folder = await temporaryFolder();
  const path = await converted(folder.path, [10_000, 0, 9000, 1000]);
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  expect(metadata.row_groups.map(({ num_rows }) => num_rows)).toEqual([10_000n, 10_000n]);
  expect(metadata.key_value_metadata?.map(({ key }) => key)).toEqual([
    'aiperf.version',
    'aiperf.summary',
    'ARROW:schema',
  ]);
  const [, start] = metadata.schema;
  expect(start).toMatchObject({ name: 'start', type: 'INT64', logical_type: { type: 'TIMESTAMP', unit: 'NANOS' } });
  // Dates of JavaScript have milliseconds only, so the raw numbers are asked for.
  const parsers = { timestampFromNanoseconds: (value: bigint): bigint => value };
  const rows = await parquetReadObjects({ file, metadata, parsers: parsers as never });
  const read = rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? null])));
  expect(read).toEqual(testRows(20_000));
});

test('a run without records is a file with columns and no rows', async () => {
  await using folder = await temporaryFolder();
  const file = await asyncBufferFromFile(await converted(folder.path, []));
  const metadata = await parquetMetadataAsync(file);
  expect(metadata.num_rows).toBe(0n);
  expect(metadata.schema.map(({ name }) => name)).toContain('latency');
});
