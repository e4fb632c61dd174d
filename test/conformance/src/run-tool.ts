import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMAND_PATH } from './paths.ts';
import { runProgram, withMockServer, type Ended } from './processes.ts';
import { startRecordingProxy, type RecordedRequest } from './recording-proxy.ts';
import type { Scenario } from './scenario.ts';

/** The server's stamps of one request, `CLOCK_MONOTONIC` in nanoseconds; one line of its send log. */
export interface ServerStamps {
  readonly requestId: string;
  readonly receivedNs: number;
  readonly tokenWriteNs: readonly number[];
  readonly endNs: number;
  readonly outputTokens: number;
  readonly outcome: string;
}

/** What one tool left behind after one scenario, as text. */
export interface ToolRun {
  readonly exitCode: number | null;
  readonly output: string;
  readonly directory: string;
  /** Paths below the run directory, logs left out. */
  readonly files: readonly string[];
  readonly stamps: readonly ServerStamps[];
  readonly requests: readonly RecordedRequest[];
  /** Text of a result file; empty when it was not written. */
  text(name: string): string;
}

/** How to start a tool. */
export interface Tool {
  readonly program: string;
  readonly args: readonly string[];
}

/** AIPerf 0.13.0 from its own environment. */
export function referenceTool(python: string): Tool {
  return { program: python, args: ['-m', 'aiperf', 'profile'] };
}

/** The command of this repository. */
export const OUR_TOOL: Tool = { program: process.execPath, args: [COMMAND_PATH, 'profile'] };

/** Runs one tool against a fresh server and reads what it wrote. */
export async function runTool(tool: Tool, scenario: Scenario, tokenizer: string, directory: string): Promise<ToolRun> {
  const runDirectory = join(directory, 'run');
  const logPath = join(directory, 'send.jsonl');
  let requests: readonly RecordedRequest[] = [];
  // A relative path, as users type it: what the files say about it is compared too.
  const fixed = ['--artifact-dir', 'run', '--ui', 'none', '--export-level', 'records', '--tokenizer', tokenizer];
  const profile = (url: string): Promise<Ended> => {
    const options = ['--model', 'mock', '--endpoint-type', 'chat', '--url', url];
    return runProgram(tool.program, [...tool.args, ...options, ...fixed, ...scenario.load], directory);
  };
  const ended = await withMockServer([...scenario.server, '--send-log', logPath], async (url) => {
    if (scenario.recordsRequests === undefined) return profile(url);
    await using proxy = await startRecordingProxy(url);
    const result = await profile(proxy.url);
    requests = [...proxy.requests];
    return result;
  });
  const files = (await readdir(runDirectory, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(runDirectory.length + 1))
    .filter((path) => !path.startsWith('logs/'))
    .toSorted();
  const texts = new Map<string, string>();
  for (const file of files)
    if (!file.endsWith('.arrow')) texts.set(file, await readFile(join(runDirectory, file), 'utf8'));
  const stamps = parseLines(await readFile(logPath, 'utf8')) as ServerStamps[];
  return {
    ...ended,
    directory: runDirectory,
    files,
    stamps,
    requests,
    text: (name) => texts.get(name) ?? '',
  };
}

/** Values of a JSON-lines text. */
export function parseLines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
