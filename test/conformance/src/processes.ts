import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { COMMAND_PATH } from './paths.ts';

const RUN_LIMIT_MS = 180_000;

/** How a program ended and all that it printed. */
export interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs a program to its end. */
export async function runProgram(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), RUN_LIMIT_MS);
  try {
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return { exitCode, output };
  } finally {
    clearTimeout(limit);
  }
}

/** Runs `work` against a mock server in a process of its own; when it is over the server's send log is complete. */
export async function withMockServer<T>(options: readonly string[], work: (url: string) => Promise<T>): Promise<T> {
  const child: ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> } = spawn(
    process.execPath,
    [COMMAND_PATH, 'mock-server', '--port', '0', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  try {
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`the mock server ended with code ${code ?? 'unknown'}`)));
    });
    return await work(url);
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}
