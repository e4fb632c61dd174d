import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { build } from './build.ts';
import { startLlamaServer } from './llama-server.ts';

/**
 * `pnpm demo`: profiles the mock server for some seconds. `pnpm demo --real`: profiles llama.cpp's own server with a real model,
 * streaming and not, at three concurrencies.
 */
const root = new URL('../..', import.meta.url).pathname;
const cli = `${root}apps/aiperf/dist/bundle/cli.js`;

interface MockServerProcess extends AsyncDisposable {
  readonly url: string;
}

async function startMockServer(): Promise<MockServerProcess> {
  const options = ['--port', '0', '--ttft-ms', '30', '--itl-ms', '5', '--jitter', '0.1'];
  const child = spawn(process.execPath, [cli, 'mock-server', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the mock server ended with code ${code ?? 'unknown'}`)));
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function profile(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [cli, 'profile', ...args], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

async function demo(): Promise<number> {
  await using server = await startMockServer();
  const load = ['--concurrency', '16', '--benchmark-duration', '6', '--isl', '128', '--osl', '32'];
  return await profile(['--model', 'mock', '--url', server.url, '--streaming', '--ui', 'simple', ...load]);
}

async function demoReal(): Promise<number> {
  await using server = await startLlamaServer('smollm2', 4);
  let worst = 0;
  for (const streaming of ['--streaming', '--no-streaming']) {
    for (const concurrency of [1, 4, 16]) {
      const load = ['--concurrency', String(concurrency), '--request-count', '24', '--isl', '64', '--osl', '24'];
      const options = [streaming, '--ui', 'simple', '--warmup-request-count', '2', ...load];
      worst = Math.max(worst, await profile(['--model', server.model, '--url', server.url, ...options]));
    }
  }
  return worst;
}

await build();
process.exitCode = process.argv.includes('--real') ? await demoReal() : await demo();
