import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { COMMAND_PATH } from './paths.ts';

/** Timing of the server under load, and where it writes its own stamps. */
export interface MockServerSpec {
  readonly ttftMs: number;
  readonly itlMs: number;
  /** Standard deviation of both, as a share of them; 0 when absent. */
  readonly jitterRatio?: number;
  readonly sendLogPath: string;
}

/** The server's stamps of one request: `CLOCK_MONOTONIC` in nanoseconds, one line of its send log. */
export interface ServerStamps {
  readonly requestId: string;
  readonly receivedNs: number;
  readonly tokenWriteNs: readonly number[];
  readonly endNs: number;
  readonly outputTokens: number;
  readonly outcome: string;
}

/** Room, in MiB, for a run without garbage collections: a request that waits for one at the server would look late by the client. */
const SERVER_NODE_OPTIONS = ['--min-semi-space-size=64', '--max-semi-space-size=64', '--initial-heap-size=512'];

/** Runs `work` against a mock server in a process of its own, and returns what the server stamped. */
export async function withMockServer(
  spec: MockServerSpec,
  work: (url: string) => Promise<void>,
): Promise<readonly ServerStamps[]> {
  const options = ['--port', '0', '--ttft-ms', String(spec.ttftMs), '--itl-ms', String(spec.itlMs)];
  if (spec.jitterRatio !== undefined) options.push('--jitter', String(spec.jitterRatio));
  const child = spawn(
    process.execPath,
    [...SERVER_NODE_OPTIONS, COMMAND_PATH, 'mock-server', ...options, '--send-log', spec.sendLogPath],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = once(child, 'exit');
  try {
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`the mock server ended with code ${code ?? 'unknown'}`)));
    });
    await work(url);
  } finally {
    // The send log is complete once the server has ended by itself.
    child.kill('SIGTERM');
    await exited;
  }
  const text = await readFile(spec.sendLogPath, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ServerStamps);
}
