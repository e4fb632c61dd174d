import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '@aiperf/tooling-scripts/build';
import { ROOT } from './paths.ts';
import { keepsBudget, type Measurement, type Program, type ProgramResult } from './program.ts';
import { PROGRAMS } from './programs/index.ts';
import { renderTable } from './report.ts';

/**
 * `pnpm bench [name...] [--quick] [--no-build]`: builds the command (or takes the bundle that is there), measures it against bare loops
 * on this machine, prints the table and keeps the numbers. Exit code 1 when a budget is missed or a program could not run.
 */
const USAGE = `Usage: pnpm bench [--quick] [--no-build] [--host-tuning off|auto] [program...]\n\n${PROGRAMS.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`).join('\n')}\n`;

/** Load average, as a share of the CPUs, above which other work is taken to disturb the measurement. */
const MAX_QUIET_LOAD_RATIO = 0.25;

interface Outcome {
  readonly name: string;
  readonly result?: ProgramResult;
  readonly error?: string;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
      'host-tuning': { type: 'string', default: 'off' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const unknown = positionals.filter((name) => !PROGRAMS.some((program) => program.name === name));
  if (unknown.length > 0) {
    process.stderr.write(`no such program: ${unknown.join(', ')}\n\n${USAGE}`);
    return 2;
  }
  process.env['AIPERF_HOST_TUNING'] = values['host-tuning'];
  // Before the build, which is a load of its own.
  const startLoad = loadavg();
  if (!values['no-build']) await build();
  const selected = PROGRAMS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const outcomes: Outcome[] = [];
  for (const program of selected) outcomes.push(await runProgram(program, values.quick));
  const measurements = outcomes.flatMap(({ result }) => result?.measurements ?? []);
  console.log(`\n${renderTable(measurements)}`);
  for (const note of outcomes.flatMap(({ result }) => result?.notes ?? [])) console.log(`note: ${note}`);
  const [busyCpus = 0] = startLoad;
  if (busyCpus > cpus().length * MAX_QUIET_LOAD_RATIO) {
    console.log(
      `note: other work ran on this machine (load average ${busyCpus.toFixed(1)} on ${cpus().length} CPUs before the start); only a quiet one gives numbers for the record`,
    );
  }
  const failed = outcomes.filter(({ error }) => error !== undefined);
  for (const { name, error } of failed) console.log(`${name} could not be measured: ${error}`);
  console.log(`\n${await keepResults(outcomes, measurements, values.quick, startLoad)}`);
  const missed = measurements.filter((measurement) => keepsBudget(measurement) === false);
  console.log(missed.length === 0 ? 'No budget missed.' : `${missed.length} budget(s) MISSED.`);
  return missed.length + failed.length === 0 ? 0 : 1;
}

/** A program that fails is reported as such; the others still run. */
async function runProgram({ name, run }: Program, isQuick: boolean): Promise<Outcome> {
  const say = (text: string): void => console.log(`${name}: ${text}`);
  try {
    return { name, result: await run({ isQuick, say }) };
  } catch (error) {
    return { name, error: (error as Error).message };
  }
}

/** Writes the result file and says where it is. */
async function keepResults(
  outcomes: readonly Outcome[],
  measurements: readonly Measurement[],
  isQuick: boolean,
  startLoad: readonly number[],
): Promise<string> {
  const date = new Date().toISOString();
  const directory = join(ROOT, 'artifacts', 'bench');
  const path = join(directory, `${date.slice(0, 19).replaceAll(':', '-')}Z.json`);
  await mkdir(directory, { recursive: true });
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model,
    cpuCount: cpus().length,
    loadAverageBefore: startLoad,
    loadAverageAfter: loadavg(),
  };
  const verdicts = measurements.map((measurement) => ({ ...measurement, isKept: keepsBudget(measurement) }));
  const programs = outcomes.map(({ name, result, error }) => ({
    name,
    error,
    notes: result?.notes,
    details: result?.details,
  }));
  const content = { date, isQuick, machine, measurements: verdicts, programs };
  await writeFile(path, `${JSON.stringify(content, forFile, 2)}\n`);
  return relative(ROOT, path);
}

/** What programs printed is of no use in a result file, and JSON has no bigint. */
function forFile(key: string, value: unknown): unknown {
  return key === 'stdout' || key === 'stderr' || typeof value === 'bigint' ? undefined : value;
}

process.exitCode = await main();
