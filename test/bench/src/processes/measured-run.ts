import { spawn } from 'node:child_process';
import { endWithThisProcess, killGroup } from './live-processes.ts';

/** A program that ran to its end, with what it cost. */
export interface MeasuredRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** `process.hrtime.bigint()` just before the spawn. */
  readonly startNs: bigint;
  /** From the spawn to the exit, analysis and export included. */
  readonly wallSec: number;
  /** User and system time of the whole process tree. */
  readonly cpuSec: number;
}

export interface MeasuredRunOptions {
  readonly command: readonly string[];
  readonly deadlineSec: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with the process at the top of the tree, to sample its memory. */
  readonly onStart?: (pid: number) => void;
}

/**
 * The shell waits for the program and then says what all processes below it have used: the kernel adds a process's times to its parent
 * when the parent has waited for it, so nothing is sampled and nothing that has ended is missed.
 */
const SHELL_SCRIPT = '"$@" 3>&-; code=$?; times >&3; exit "$code"';
const KEPT_BYTES = 1 << 20;

/** Runs a program and measures its time and the CPU time of its whole tree. */
export async function runMeasured({
  command,
  deadlineSec,
  cwd,
  env,
  onStart,
}: MeasuredRunOptions): Promise<MeasuredRun> {
  const startNs = process.hrtime.bigint();
  const child = spawn('sh', ['-c', SHELL_SCRIPT, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    cwd,
    env,
  });
  endWithThisProcess(child);
  const { pid } = child;
  if (pid !== undefined) onStart?.(pid);
  const texts = ['', '', ''];
  for (const [index, stream] of child.stdio.slice(1).entries()) {
    stream?.on('data', (bytes: Buffer) => {
      texts[index] = `${texts[index]}${bytes.toString('utf8')}`.slice(-KEPT_BYTES);
    });
  }
  const timer = setTimeout(() => pid !== undefined && killGroup(pid), deadlineSec * 1000);
  let endNs = startNs;
  child.once('exit', () => {
    endNs = process.hrtime.bigint();
  });
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve([code, signal]));
  });
  clearTimeout(timer);
  const [stdout = '', stderr = '', times = ''] = texts;
  const shown = command.slice(0, 4).join(' ');
  if (signal !== null)
    throw new Error(`${shown} … was ended after ${deadlineSec} s (${signal}): ${stderr.slice(-2000)}`);
  return {
    exitCode: exitCode ?? 1,
    stdout,
    stderr,
    startNs,
    wallSec: Number(endNs - startNs) / 1e9,
    cpuSec: childrenCpuSec(times),
  };
}

/** The same, for a program that must succeed. */
export async function runToSuccess(options: MeasuredRunOptions): Promise<MeasuredRun> {
  const run = await runMeasured(options);
  if (run.exitCode !== 0) {
    const output = `${run.stdout}\n${run.stderr}`.trim().slice(-4000);
    throw new Error(`${options.command.slice(0, 4).join(' ')} … exited with code ${run.exitCode}:\n${output}`);
  }
  return run;
}

/** `times` prints user and system time of the shell on its first line and of its children on the second, as `0m1.230s`. */
function childrenCpuSec(times: string): number {
  const line = times.trim().split('\n')[1] ?? '';
  const parts = [...line.matchAll(/(\d+)m([\d.]+)s/gu)];
  if (parts.length !== 2) throw new Error(`unexpected output of the shell's times: ${JSON.stringify(times)}`);
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
