import { spawn } from 'node:child_process';

/** A command of the workspace's own tools, run from the repository root. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

export interface StepResult {
  readonly step: Step;
  readonly exitCode: number;
  readonly output: string;
  readonly durationSec: number;
}

const root = new URL('../..', import.meta.url).pathname;
// The workspace's tools come first, also where the script was not started by pnpm.
const env = { ...process.env, PATH: `${root}node_modules/.bin:${process.env['PATH'] ?? ''}` };

/** Runs one command; its output is gathered, so that steps running side by side do not mix theirs. */
export async function runStep(step: Step): Promise<StepResult> {
  const startMs = performance.now();
  const [program = '', ...args] = step.command;
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exitCode = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(127);
    });
    child.once('close', (code) => resolve(code ?? 1));
    // A process that a test left behind keeps the pipes open; it must not keep the step from ending.
    child.once('exit', (code) => setTimeout(() => resolve(code ?? 1), 2_000).unref());
  });
  return { step, exitCode, output, durationSec: (performance.now() - startMs) / 1000 };
}

/** Runs lanes of steps side by side, the steps of a lane one after the other, and prints a line a step. */
export async function runLanes(lanes: readonly (readonly Step[])[]): Promise<readonly StepResult[]> {
  const results = await Promise.all(
    lanes.map(async (lane) => {
      const done: StepResult[] = [];
      for (const step of lane) {
        const result = await runStep(step);
        done.push(result);
        const mark = result.exitCode === 0 ? 'ok  ' : 'FAIL';
        console.log(`${mark} ${step.name.padEnd(12)} ${result.durationSec.toFixed(1)} s`);
      }
      return done;
    }),
  );
  return results.flat();
}

/** Prints what the failed steps wrote; true when there was none. */
export function report(results: readonly StepResult[]): boolean {
  const failed = results.filter(({ exitCode }) => exitCode !== 0);
  for (const { step, output } of failed) console.error(`\n--- ${step.name}\n${output}`);
  return failed.length === 0;
}
