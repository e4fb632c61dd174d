import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { localFile } from '../paths.ts';
import { runToSuccess } from '../processes/measured-run.ts';
import { temporaryDirectory } from '../processes/temporary-directory.ts';
import type { Measurement, Program } from '../program.ts';
import type { SummaryResult } from '../summary/summary-result.ts';

const FULL_ROWS = 10_000_000;
const QUICK_ROWS = 1_000_000;
/** Gaps between the chunks of an answer: every one is a value of its own, and an event of the curves. */
const GAPS = 8;
const SLICES = 60;
const DEADLINE_SEC = 3600;
const MIB = 1024 * 1024;
const MAX_RSS_MIB = 1024;

/** All results of a long run computed from its record file: how long it takes, and in how much memory. */
export const summary: Program = {
  name: 'summary',
  summary: 'all results of 10,000,000 rows from the record file: time and peak memory, without and with time slices',
  run: async ({ isQuick, say }) => {
    const rowCount = isQuick ? QUICK_ROWS : FULL_ROWS;
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'profile_export.arrow');
    await runStored(['write', path, rowCount, GAPS]);
    const fileMib = (await stat(path)).size / MIB;
    say(`${rowCount} rows with ${GAPS} gaps each, ${fileMib.toFixed(0)} MiB`);
    const measurements: Measurement[] = [];
    const details: SummaryResult[] = [];
    for (const sliceCount of [0, SLICES]) {
      const run = await runStored(['analyze', path, rowCount, sliceCount]);
      const result = JSON.parse(run) as SummaryResult;
      details.push(result);
      const label = sliceCount === 0 ? 'all results' : `with ${result.sliceCount} time slices`;
      say(`${label}: ${result.durationSec.toFixed(1)} s, ${(result.maxRssBytes / MIB).toFixed(0)} MiB`);
      measurements.push(
        { program: 'summary', measure: label, value: result.durationSec, unit: 's' },
        {
          program: 'summary',
          measure: `${label}: peak RSS`,
          value: result.maxRssBytes / MIB,
          unit: 'MiB',
          budget: { atMost: MAX_RSS_MIB },
        },
        {
          program: 'summary',
          measure: `${label}: rules that rows broke`,
          value: result.violations.length,
          unit: 'rules',
          budget: { atMost: 0 },
        },
      );
    }
    const notes = isQuick ? [`summary: ${rowCount.toLocaleString('en-US')} rows only, because of --quick`] : [];
    return { measurements, details, notes };
  },
};

async function runStored(words: readonly (string | number)[]): Promise<string> {
  const file = localFile('summary/stored-records.ts');
  const command = [process.execPath, '-C', '@aiperf/source', file, ...words.map(String)];
  const { stdout } = await runToSuccess({ command, deadlineSec: DEADLINE_SEC });
  return stdout;
}
