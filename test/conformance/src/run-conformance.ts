import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonWith } from '@aiperf/tooling-scripts/python-venv';
import { compareTools } from './compare-tools.ts';
import { applyKnownDifferences, parseKnownDifferences } from './known-differences.ts';
import { REFERENCE_PACKAGE, ROOT_PATH } from './paths.ts';
import { compareWithRealServer } from './real.ts';
import { renderProblems, renderReports, renderTimeErrors, type ScenarioReport } from './render.ts';
import { referenceTool } from './run-tool.ts';
import { SCENARIOS } from './scenario.ts';
import { makeTokenizerFolder } from './tokenizer-folder.ts';

/** Against llama.cpp instead of against AIPerf; run when asked for. */
const REAL = 'real';

/** Runs the named scenarios, or all but the real server; prints tables and returns the exit code. */
export async function runConformance(names: readonly string[], keep: boolean): Promise<number> {
  const scenarioNames = SCENARIOS.map(({ name }) => name);
  const unknown = names.filter((name) => name !== REAL && !scenarioNames.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no scenario ${unknown.join(', ')}. There are: ${[...scenarioNames, REAL].join(', ')}.`);
    return 2;
  }
  const listPath = `${ROOT_PATH}test/conformance/known-differences.txt`;
  const known = parseKnownDifferences(await readFile(listPath, 'utf8'), scenarioNames);
  const python = await pythonWith([REFERENCE_PACKAGE]);
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-conformance-'));
  const reports: ScenarioReport[] = [];
  try {
    const tokenizer = await makeTokenizerFolder(python, directory);
    const reference = referenceTool(python);
    for (const scenario of SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name))) {
      console.log(`${scenario.name}: ${REFERENCE_PACKAGE} and ours …`);
      const { checks, timeErrors } = await compareTools(scenario, reference, tokenizer, join(directory, scenario.name));
      const { differences, compared } = checks;
      const verdict = applyKnownDifferences(scenario.name, differences, known);
      reports.push({ scenario: scenario.name, compared, equal: compared - differences.length, ...verdict, timeErrors });
    }
    if (names.includes(REAL)) {
      console.log(`${REAL}: llama.cpp's server with a real model and ours …`);
      const { differences, compared } = await compareWithRealServer(tokenizer, join(directory, REAL));
      const equal = compared - differences.length;
      reports.push({ scenario: REAL, compared, equal, known: [], unlisted: differences, stale: [], timeErrors: [] });
    }
  } finally {
    if (keep) console.log(`Everything that the tools wrote is in ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
  return conclude(reports);
}

async function conclude(reports: readonly ScenarioReport[]): Promise<number> {
  const problems = renderProblems(reports);
  console.log(`\n${renderReports(reports)}`);
  if (reports.some(({ timeErrors }) => timeErrors.length > 0)) console.log(`\n${renderTimeErrors(reports)}`);
  if (problems !== '') console.log(`\n${problems}`);
  const outputDirectory = join(ROOT_PATH, 'artifacts', 'conformance');
  await mkdir(outputDirectory, { recursive: true });
  const outputPath = join(outputDirectory, 'conformance.json');
  await writeFile(outputPath, JSON.stringify({ reference: REFERENCE_PACKAGE, scenarios: reports }, null, 2));
  console.log(`\nResult: ${outputPath}`);
  return problems === '' ? 0 : 1;
}
