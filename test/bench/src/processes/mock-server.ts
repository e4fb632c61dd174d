import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CLI } from '../paths.ts';
import { endWithThisProcess } from './live-processes.ts';
import { processCpuSec } from './process-tree.ts';

/** The mock server in a process of its own, so that its work is nobody else's. */
export interface MockServerProcess extends AsyncDisposable {
  readonly url: string;
  /** CPU time used since its start. */
  cpuSec(): Promise<number>;
  /** One of its own counters or gauges, by Prometheus name; labels are summed over. */
  metric(name: string): Promise<number>;
}

/** Starts `aiperf mock-server` on a free loopback port. */
export async function startMockServer(flags: readonly string[] = []): Promise<MockServerProcess> {
  const child = spawn(process.execPath, [CLI, 'mock-server', '--port', '0', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  endWithThisProcess(child);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the mock server ended with code ${code ?? 'unknown'}`)));
  });
  return {
    url,
    cpuSec: () => processCpuSec(child.pid ?? 0),
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const samples = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      return samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
