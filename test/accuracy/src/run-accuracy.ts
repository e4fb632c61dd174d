import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { summarizeRuns, type Finding, type Measurement } from './budget.ts';
import { lagScenario } from './lag.ts';
import { latencyScenario } from './latency.ts';
import { loadScenarios } from './load/scenarios.ts';
import { ROOT_PATH } from './paths.ts';
import { renderFindings } from './render-findings.ts';
import type { Scenario } from './scenario.ts';
import { deliveryScenario, turnaroundScenario, turnaroundTogetherScenario } from './turnaround.ts';

/** The budgets of the design, section 8, and those of load control. */
const SCENARIOS: readonly Scenario[] = [
  latencyScenario(100, 'spread', { addedTtftP99Ms: 1, itlErrorPercent: 0.1 }),
  latencyScenario(500, 'spread', { addedTtftP99Ms: 5, itlErrorPercent: 0.2 }),
  latencyScenario(2000, 'spread', { addedTtftP99Ms: 15, itlErrorPercent: 0.5 }),
  latencyScenario(100, 'together'),
  latencyScenario(500, 'together'),
  latencyScenario(2000, 'together'),
  lagScenario,
  turnaroundScenario,
  turnaroundTogetherScenario,
  deliveryScenario,
  ...loadScenarios,
];

/** Groups of scenarios under one name. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  turnaround: ['turnaround', 'turnaround-together', 'delivery'],
};

/** Runs the named scenarios (all without a name), prints the findings and writes them as JSON. Resolves to the exit code. */
export async function runAccuracy(
  names: readonly string[],
  { repeats, isQuick }: { readonly repeats: number; readonly isQuick: boolean },
): Promise<number> {
  const unknown = names.filter((name) => scenariosOf(name).length === 0);
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(', ')}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const chosen =
    names.length === 0
      ? SCENARIOS
      : SCENARIOS.filter((scenario) => names.some((name) => scenariosOf(name).includes(scenario)));
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    loadAverage: loadavg()[0] ?? 0,
  };
  console.log(
    `${machine.cpus} x ${machine.model}, Node ${machine.node}, load average ${machine.loadAverage.toFixed(1)}\n`,
  );
  const runs = new Map<Scenario, (readonly Measurement[])[]>(chosen.map((scenario) => [scenario, []]));
  // Scenario by scenario in each round, so that a slow minute of the machine does not hit all runs of one scenario.
  for (let round = 1; round <= repeats; round += 1) {
    for (const scenario of chosen) {
      console.log(`${round}/${repeats}  ${scenario.name}: ${scenario.title}`);
      runs.get(scenario)?.push(await scenario.run(isQuick));
    }
  }
  const findings = chosen.flatMap((scenario) => summarizeRuns(scenario.name, runs.get(scenario) ?? []));
  console.log(`\n${renderFindings(findings)}\n`);
  console.log(`Written to ${await writeFindings({ machine, repeats, findings })}`);
  return findings.some(({ isMet }) => isMet === false) ? 1 : 0;
}

/** A name means itself, its group, or everything that begins with it and a hyphen. */
function scenariosOf(name: string): readonly Scenario[] {
  return SCENARIOS.filter(
    (scenario) =>
      scenario.name === name || scenario.name.startsWith(`${name}-`) || GROUPS[name]?.includes(scenario.name),
  );
}

async function writeFindings(result: {
  readonly machine: object;
  readonly repeats: number;
  readonly findings: readonly Finding[];
}): Promise<string> {
  const startedAt = new Date().toISOString();
  const directory = join(ROOT_PATH, 'artifacts', 'accuracy');
  await mkdir(directory, { recursive: true });
  const path = join(directory, `accuracy-${startedAt.replaceAll(/[:.]/g, '-')}.json`);
  await writeFile(path, `${JSON.stringify({ writtenAt: startedAt, ...result }, undefined, 2)}\n`, { flag: 'wx' });
  return path;
}
