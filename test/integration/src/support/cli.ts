import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { descendantsOf, type RunningProcess, stillRunning } from './process-tree.ts';

/** The bundled command, as users get it. */
export const CLI_PATH: string =
  process.env['AIPERF_TEST_CLI'] ?? join(import.meta.dirname, '../../../../apps/aiperf/dist/bundle/cli.js');

const DEFAULT_DEADLINE_MS = 60_000;

export interface CliOptions {
  readonly cwd: string;
  /** Beside this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A command that has not ended by then is killed, and the test fails with its output. */
  readonly deadlineMs?: number;
  /** Default: the Node that runs the tests. */
  readonly node?: string;
}

export interface CliResult {
  /** `null` when it was ended by a signal. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

/** A command that runs. Disposing kills whatever of it is left. */
export interface RunningCli extends AsyncDisposable {
  readonly pid: number;
  readonly exited: Promise<CliResult>;
  readonly stderr: string;
  /** Resolves when standard output or error holds the text; rejects when the command ends without it. */
  printed(pattern: RegExp): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** The processes that it has started so far and that still run. */
  children(): readonly RunningProcess[];
}

/** Starts `aiperf ARGS`. */
export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  const { cwd, env, deadlineMs = DEFAULT_DEADLINE_MS, node = process.execPath } = options;
  if (!existsSync(CLI_PATH)) throw new Error(`no command at ${CLI_PATH}: run "pnpm build" first`);
  const startMs = performance.now();
  const child = spawn(node, [CLI_PATH, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid ?? Number.NaN;
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const command = `aiperf ${args.join(' ')}`;
  const exited = withDeadline(
    closeOf(child).then((exitCode) => ({ exitCode, ...output, durationMs: performance.now() - startMs })),
    deadlineMs,
    () => {
      killTree(child);
      return `${command} had not ended after ${deadlineMs} ms:\n${output.stdout}${output.stderr}`;
    },
  );
  // Whoever awaits it later still sees the rejection.
  exited.catch(() => undefined);
  return {
    pid,
    exited,
    get stderr() {
      return output.stderr;
    },
    async printed(pattern) {
      const ended = exited.then(({ stdout, stderr }) => {
        throw new Error(`${command} ended without ${String(pattern)}:\n${stdout}${stderr}`);
      });
      ended.catch(() => undefined);
      while (!pattern.test(output.stdout) && !pattern.test(output.stderr)) {
        await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended]);
      }
    },
    signal(signal) {
      child.kill(signal);
    },
    children: () => descendantsOf(pid),
    async [Symbol.asyncDispose]() {
      killTree(child);
      await exited.catch(() => undefined);
    },
  };
}

/** Runs `aiperf ARGS` to its end. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  await using cli = startCli(args, options);
  return await cli.exited;
}

/** Resolves when none of `processes` runs any more; rejects, naming those that do, after the deadline. */
export async function untilGone(processes: readonly RunningProcess[], deadlineMs = 10_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  // The kernel tells only a parent when a process ends, and these are somebody else's children.
  while (stillRunning(processes).length > 0) {
    if (performance.now() > endMs) {
      const names = stillRunning(processes).map(({ pid, title }) => `${pid} ${title}`);
      throw new Error(`still running: ${names.join(', ')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function closeOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

function killTree(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  const below = descendantsOf(pid);
  child.kill('SIGKILL');
  for (const { pid: childPid } of stillRunning(below)) {
    try {
      process.kill(childPid, 'SIGKILL');
    } catch (error) {
      // Gone already, with its parent.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function withDeadline<T>(work: Promise<T>, deadlineMs: number, onLate: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(onLate())), deadlineMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
