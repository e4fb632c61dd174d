import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonWith } from '@aiperf/tooling-scripts/python-venv';
import { Checks } from './checks.ts';
import { compareTools, type ScenarioResult } from './compare-tools.ts';
import { applyKnownDifferences, parseKnownDifferences, type KnownDifference } from './known-differences.ts';
import { compareMetrics } from './metrics/run-metrics.ts';
import { METRICS_VIEW_NAMES } from './metrics/views.ts';
import { REFERENCE_PACKAGE, ROOT_PATH } from './paths.ts';
import { compareWithRealServer } from './real.ts';
import { renderProblems, renderReports, renderTimeErrors, type ScenarioReport } from './render.ts';
import { referenceTool } from './run-tool.ts';
import { SCENARIOS } from './scenario.ts';
import { makeTokenizerFolder } from './tokenizer-folder.ts';

/** Against llama.cpp instead of against AIPerf; run when asked for. */
const REAL = 'real';
/** Every metric from the same stamps, by AIPerf's code and by ours; run when asked for. */
const METRICS = 'metrics';
const SPECIAL = [REAL, METRICS];

/** Runs the named scenarios, or all that compare the two tools; prints tables and returns the exit code. */
export async function runConformance(names: readonly string[], keep: boolean): Promise<number> {
  const scenarioNames = SCENARIOS.map(({ name }) => name);
  const unknown = names.filter((name) => !SPECIAL.includes(name) && !scenarioNames.includes(name));
  if (unknown.length > 0) {
    console.error(
      `There is no scenario ${unknown.join(', ')}. There are: ${[...scenarioNames, ...SPECIAL].join(', ')}.`,
    );
    return 2;
  }
  const listPath = `${ROOT_PATH}test/conformance/known-differences.txt`;
  const known = parseKnownDifferences(await readFile(listPath, 'utf8'), [...scenarioNames, ...METRICS_VIEW_NAMES]);
  const python = await pythonWith([REFERENCE_PACKAGE]);
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-conformance-'));
  const reports: ScenarioReport[] = [];
  try {
    const tokenizer = await makeTokenizerFolder(python, directory);
    const reference = referenceTool(python);
    for (const scenario of SCENARIOS.filter(({ name }) => names.length === 0 || names.includes(name))) {
      console.log(`${scenario.name}: ${REFERENCE_PACKAGE} and ours …`);
      const scenarioDirectory = join(directory, scenario.name);
      const result = await orFailure(compareTools(scenario, reference, tokenizer, scenarioDirectory));
      reports.push(reportOf(scenario.name, result, known));
    }
    if (names.includes(REAL)) {
      console.log(`${REAL}: llama.cpp's server with a real model and ours …`);
      const result = await orFailure(compareWithRealServer(tokenizer, join(directory, REAL)));
      reports.push(reportOf(REAL, result, []));
    }
    if (names.includes(METRICS)) {
      console.log(`${METRICS}: one recording, ${REFERENCE_PACKAGE} and ours …`);
      // What holds for every scenario is about files.
      const ofViews = known.filter(({ scenarios }) => scenarios.length > 0);
      for (const [view, result] of await compareMetrics(python, join(directory, METRICS))) {
        reports.push(reportOf(view, result, ofViews));
      }
    }
  } finally {
    if (keep) console.log(`Everything that the tools wrote is in ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
  return conclude(reports);
}

/** A scenario that could not be run is one difference, and the others still run. */
async function orFailure(work: Promise<ScenarioResult>): Promise<ScenarioResult> {
  try {
    return await work;
  } catch (error) {
    const checks = new Checks();
    console.error(error);
    checks.holds('run', false, '', error instanceof Error ? error.message : String(error));
    return { checks, timeErrors: [] };
  }
}

function reportOf(
  scenario: string,
  { checks, timeErrors }: ScenarioResult,
  known: readonly KnownDifference[],
): ScenarioReport {
  const { compared, differences } = checks;
  const verdict = applyKnownDifferences(scenario, differences, known);
  return { scenario, compared, equal: compared - differences.length, ...verdict, timeErrors };
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
