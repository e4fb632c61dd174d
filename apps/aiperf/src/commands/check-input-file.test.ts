import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadProfileConfig } from '@aiperf/config';
import { expect, test } from 'vitest';
import { checkInputFile, hasTimestamps } from './check-input-file.ts';

const turn = { input_length: 5, output_length: 3 };
const timed = [
  { ...turn, timestamp: 0 },
  { ...turn, timestamp: 9000 },
];

test.for([
  ['a file that fits', timed, [], undefined],
  ['no times', [turn, turn], [], undefined],
  ['a bad line', [timed[0], { ...turn, timestamp: -4 }], [], 'AIPERF_DATASET_INPUT_FILE'],
  ['nothing in the window', timed, ['--fixed-schedule-start-offset', '9500'], 'AIPERF_TIMING_SCHEDULE'],
  ['a schedule that is longer than the run', timed, ['--benchmark-duration', '2'], 'AIPERF_TIMING_SCHEDULE'],
  ['the same without its times', timed, ['--benchmark-duration', '2', '--no-fixed-schedule'], undefined],
] as const)('%s', async ([, records, words, code]) => {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-input-'));
  try {
    const path = join(directory, 'trace.jsonl');
    await writeFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    const argv = ['-m', 'x', '--input-file', path, ...words];
    const loaded = await loadProfileConfig(argv, { isTty: false, hasTimestamps });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    const checked = checkInputFile(loaded.config);
    if (code === undefined) await expect(checked).resolves.toBeUndefined();
    else await expect(checked).rejects.toMatchObject({ code });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
