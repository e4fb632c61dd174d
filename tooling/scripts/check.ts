import { mkdir } from 'node:fs/promises';
import { report, runLanes, type Step } from './steps.ts';

/** Where the unit tests leave their counts for `pnpm test`. */
export const UNIT_RESULTS = 'node_modules/.cache/unit-tests.json';

const step = (name: string, ...command: string[]): Step => ({ name, command });

/** Types, lint, format, package boundaries, unused code and unit tests, in two lanes of about the same length. */
export async function check(): Promise<boolean> {
  await mkdir('node_modules/.cache', { recursive: true });
  const results = await runLanes([
    [
      step('types', 'tsc', '-b'),
      step('lint', 'oxlint', '--type-aware'),
      step('format', 'oxfmt', '--check', '.'),
      step('boundaries', 'node', 'tooling/scripts/boundaries.ts'),
      step('unused', 'knip'),
    ],
    [step('unit tests', 'vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${UNIT_RESULTS}`)],
  ]);
  return report(results);
}

if (import.meta.main && !(await check())) process.exitCode = 1;
