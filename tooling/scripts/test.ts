import { readFile } from 'node:fs/promises';
import { check, UNIT_RESULTS } from './check.ts';
import { build } from './build.ts';
import { report, runLanes } from './steps.ts';

// Absolute: the runner takes a relative path from its own root.
const INTEGRATION_RESULTS = new URL('../../node_modules/.cache/integration-tests.json', import.meta.url).pathname;

interface VitestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
    }[];
  }[];
}

/** Every test that was left out, by its file and name. A test that is left out says why in its name. */
function skippedTests({ testResults = [] }: VitestResults): string[] {
  const root = new URL('../..', import.meta.url).pathname;
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'pending' || status === 'skipped')
      .map(({ fullName }) => `${name.replace(root, '')}: ${fullName}`),
  );
}

async function readResults(path: string): Promise<VitestResults> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as VitestResults;
  } catch {
    // A runner that died before it wrote its counts is one failure.
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
  }
}

const isChecked = await check();
await build();
const isIntegrated = report(
  await runLanes([
    [
      {
        name: 'integration',
        command: [
          'vitest',
          'run',
          '--config',
          'test/integration/vitest.config.ts',
          '--reporter=default',
          '--reporter=json',
          `--outputFile.json=${INTEGRATION_RESULTS}`,
        ],
      },
    ],
  ]),
);
const all = await Promise.all([UNIT_RESULTS, INTEGRATION_RESULTS].map(readResults));
const sum = (count: (results: VitestResults) => number): number =>
  all.reduce((total, results) => total + count(results), 0);
const skipped = sum(({ numPendingTests }) => numPendingTests);
for (const test of all.flatMap(skippedTests)) console.log(`left out: ${test}`);
console.log(
  `${sum(({ numPassedTests }) => numPassedTests)} passed, ${sum(({ numFailedTests }) => numFailedTests)} failed` +
    (skipped > 0 ? `, ${skipped} skipped` : ''),
);
if (!isChecked || !isIntegrated) process.exitCode = 1;
