import type { HotResult } from '../hot/hot-result.ts';
import { median } from '../median.ts';
import { localFile } from '../paths.ts';
import { runToSuccess } from '../processes/measured-run.ts';
import type { Measurement, Program } from '../program.ts';

/** Output tokens of the answers: as short and as long as the loads of the other programs. */
const LENGTHS = [1, 128] as const;
const DEADLINE_SEC = 120;
const FULL = { rounds: 5, secondsEach: 2 };
const QUICK = { rounds: 1, secondsEach: 0.5 };

const MEASURES: readonly (readonly [key: keyof HotResult, measure: string, unit: string])[] = [
  ['decodeRowsPerSec', 'raw batch read back', 'rows/s'],
  ['parseRowsPerSec', 'responses parsed', 'rows/s'],
  ['rowsPerSec', 'record processor, tokens not counted', 'rows/s'],
  ['countedRowsPerSec', 'record processor, tokens counted', 'rows/s'],
  ['summarizedValuesPerSec', 'exact statistics of 1,000,000 values', 'values/s'],
];

/** The functions that every request passes through after it was sent, one by one, in one process and on one thread. */
export const hot: Program = {
  name: 'hot',
  summary: 'rows/s of a record processor with and without tokenising, and of what it is made of',
  run: async ({ isQuick, say }) => {
    const { rounds: roundCount, secondsEach } = isQuick ? QUICK : FULL;
    const measurements: Measurement[] = [];
    const details: Record<string, readonly HotResult[]> = {};
    for (const outputTokens of LENGTHS) {
      const rounds: HotResult[] = [];
      for (let index = 1; index <= roundCount; index += 1) {
        const run = await runToSuccess({
          command: [
            process.execPath,
            '-C',
            '@aiperf/source',
            localFile('hot/hot-functions.ts'),
            String(outputTokens),
            String(secondsEach),
          ],
          deadlineSec: DEADLINE_SEC,
        });
        const result = JSON.parse(run.stdout) as HotResult;
        rounds.push(result);
        say(`${outputTokens} tokens, round ${index}/${roundCount}: ${result.rowsPerSec.toFixed(0)} rows/s`);
      }
      details[String(outputTokens)] = rounds;
      for (const [key, measure, unit] of MEASURES) {
        measurements.push({
          program: 'hot',
          measure: `${outputTokens} tokens: ${measure}`,
          value: median(rounds.map((round) => round[key])),
          unit,
        });
      }
    }
    return { measurements, details, notes: [] };
  },
};
