import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunResults } from '@aiperf/metrics';
import { Field, Int32, Schema } from 'apache-arrow';
import { describe, expect, test } from 'vitest';
import { ArrowRecordSink, recoverArrowFile } from '@aiperf/records/file';
import { temporaryFolder } from '@aiperf/records/testing';
import { writeRun } from '../testing/run-file.ts';
import { openRun, recomputeRun } from './open-run.ts';

const results: RunResults = {
  profiling: [{ tag: 'request_count', header: 'Request Count', unit: 'requests', avg: 1 }],
  errors: [],
  requestCount: 1,
  errorCount: 0,
  cancelledCount: 0,
  lostCount: 0,
  wasCancelled: false,
  isComplete: true,
  startEpochNs: '1795333656021402123',
  endEpochNs: '1795333659880402123',
};

describe('openRun', () => {
  test('reads a directory, or its record file, into results, description and rows', async () => {
    await using folder = await temporaryFolder();
    await writeRun(folder.path, { results, output: { exportLevel: 'raw', exportFormats: ['arrow', 'parquet'] } });
    for (const location of [folder.path, join(folder.path, 'profile_export.arrow')]) {
      await using run = await openRun(location);
      expect(run.directory).toBe(folder.path);
      expect(run.results).toEqual(results);
      expect(run.description).toEqual({
        aiperfVersion: '0.1.0',
        benchmarkId: 'abcdef012345',
        commandLine: 'aiperf profile',
        inputConfig: { a: [] },
        randomSeed: 7,
      });
      expect(run.choices).toMatchObject({ exportLevel: 'raw', formats: ['arrow', 'parquet'], prefix: undefined });
      expect(run.origin).toEqual({ monotonicNs: 1000n, epochNs: 1_795_333_656_000_000_000n });
      const conversations: (string | null)[] = [];
      for await (const batch of run.records.batches(['conversation_id'])) {
        conversations.push(...batch.strings('conversation_id'));
      }
      expect(conversations).toEqual(['s']);
    }
  });

  test('finds the one record file that has a prefix, and asks which of several', async () => {
    await using folder = await temporaryFolder();
    await writeRun(folder.path, { results, name: 'foo.arrow', output: { exportPrefix: 'foo' } });
    await writeFile(join(folder.path, 'foo_timeslices.arrow'), '');
    {
      await using run = await openRun(folder.path);
      expect(run.choices.prefix).toBe('foo');
    }
    await writeRun(folder.path, { results, name: 'bar.arrow' });
    await expect(openRun(folder.path)).rejects.toMatchObject({
      code: 'AIPERF_EXPORT_NO_RUN',
      message: expect.stringMatching(/several record files.*bar\.arrow, foo\.arrow|foo\.arrow, bar\.arrow/u) as string,
    });
  });

  test.for<[string, (directory: string) => Promise<void>, string, RegExp]>([
    ['an empty directory', async () => {}, 'AIPERF_EXPORT_NO_RUN', /holds no profile_export\.arrow/u],
    [
      'a run of AIPerf in Python',
      (directory) => writeFile(join(directory, 'profile_export.jsonl'), '{}\n'),
      'AIPERF_EXPORT_NO_RUN',
      /AIPerf in Python/u,
    ],
    [
      'a file that is no Arrow file',
      (directory) => writeFile(join(directory, 'profile_export.arrow'), 'PAR1 something else'),
      'AIPERF_RECORDS_FOREIGN_FILE',
      /does not begin with "ARROW1"/u,
    ],
    [
      'an Arrow file of another program',
      async (directory) => {
        const schema = new Schema([new Field('a', new Int32())]);
        await using sink = await ArrowRecordSink.create(join(directory, 'profile_export.arrow'), schema);
        await sink.finish(new Map());
      },
      'AIPERF_EXPORT_FOREIGN_FILE',
      /was not written by aiperf/u,
    ],
    [
      'an older layout',
      (directory) => writeRun(directory, { results, schemaVersion: '0.9' }),
      'AIPERF_EXPORT_OTHER_VERSION',
      /version 0\.9 .*reads version 1\. Use the aiperf that wrote it \(0\.1\.0\)/u,
    ],
    [
      'a newer layout',
      (directory) => writeRun(directory, { results, schemaVersion: '2.0' }),
      'AIPERF_EXPORT_OTHER_VERSION',
      /version 2\.0/u,
    ],
    [
      'a file that was cut off',
      async (directory) => {
        await writeRun(directory, { results });
        const path = join(directory, 'profile_export.arrow');
        const whole = await readFile(path);
        await writeFile(path, whole.subarray(0, whole.byteLength - 50));
      },
      'AIPERF_EXPORT_UNFINISHED',
      /was cut off after 1 records.*aiperf recover/u,
    ],
    [
      'a file that was cut off in its schema',
      async (directory) => {
        await writeRun(directory, { results });
        const path = join(directory, 'profile_export.arrow');
        await writeFile(path, (await readFile(path)).subarray(0, 100));
      },
      'AIPERF_RECORDS_NO_SCHEMA',
      /ends before its schema/u,
    ],
  ])('%s: a clear error', async ([, make, code, message], { expect }) => {
    await using folder = await temporaryFolder();
    await make(folder.path);
    await expect(openRun(folder.path)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
  });

  test('a recovered file without the columns that results are made from: whose it is and what it lacks', async () => {
    await using folder = await temporaryFolder();
    await writeRun(folder.path, { results });
    const path = join(folder.path, 'profile_export.arrow');
    const whole = await readFile(path);
    await writeFile(`${path}.cut`, whole.subarray(0, whole.byteLength - 50));
    await appendFile(`${path}.cut`, 'xx');
    await rename(`${path}.cut`, path);
    expect(await recoverArrowFile(path)).toMatchObject({ wasRepaired: true, rowCount: 1 });
    await expect(openRun(path)).rejects.toMatchObject({
      code: 'AIPERF_EXPORT_OTHER_VERSION',
      message: expect.stringMatching(/written by another aiperf \(0\.1\.0\).*there is no column "/u) as string,
    });
  });

  test.for<[string, object]>([
    ['none', {}],
    ['no metrics', { endpoint: {}, input: { extraInputs: {} }, phases: [] }],
    [
      'others than expected',
      { endpoint: {}, input: { extraInputs: {} }, metrics: { modules: 1, goodput: [] }, phases: 2 },
    ],
  ])(
    'options of its run that a file does not have, %s: its rows cannot be analysed',
    async ([, config], { expect }) => {
      await using folder = await temporaryFolder();
      await writeRun(folder.path, { results, config });
      await using run = await openRun(folder.path);
      await expect(recomputeRun(run, () => undefined)).rejects.toMatchObject({
        code: 'AIPERF_EXPORT_OTHER_VERSION',
        message: expect.stringMatching(/does not say with which options its run was made/u) as string,
      });
    },
  );
});
