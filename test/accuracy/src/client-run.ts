import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BareLoad, BareRow } from './bare-client.ts';
import { readClientRows, type ClientRow, type ClientRows } from './client-rows.ts';
import { withMockServer, type MockServerSpec } from './mock-server-process.ts';
import { pairStamps, type PairedStamps } from './pair-stamps.ts';
import { COMMAND_PATH } from './paths.ts';

/** How the mock server answers. */
export type ServerTiming = Omit<MockServerSpec, 'sendLogPath'>;

/** Every run uses prompts of this length; they are long enough to be real and short enough for one read at the server. */
const PROMPT_TOKENS = 64;

/** Some times the longest scenario. */
const CLIENT_DEADLINE_MS = 120_000;

/** Requests that make the server's code hot, so that its own first slow ones are not put down to the client. */
const SERVER_WARM_UP = {
  streams: 200,
  requestsPerStream: 10,
  outputTokens: 4,
  spreadMs: 0,
  idPrefix: 'warm-up',
} as const;

/**
 * Runs `aiperf profile` against a fresh mock server and pairs what both stamped. `load` are the options that make the load; a trace says
 * the prompts' lengths itself. `beforeLoad` is given the server's URL when nothing but that load is left to come.
 */
export function runAiperf(
  server: ServerTiming,
  load: readonly string[],
  prompts: 'synthetic' | 'trace' = 'synthetic',
  beforeLoad: (url: string) => Promise<void> = () => Promise.resolve(),
): Promise<PairedStamps> {
  return runClient(server, async (url, directory) => {
    await beforeLoad(url);
    const runDirectory = join(directory, 'run');
    const fixed = [
      '--model',
      'mock',
      '--streaming',
      '--ui',
      'none',
      ...(prompts === 'synthetic' ? ['--isl', String(PROMPT_TOKENS)] : []),
      '--random-seed',
      '7',
    ];
    const tuning = ['--host-tuning', process.env['AIPERF_HOST_TUNING'] ?? 'off'];
    await runProcess([
      COMMAND_PATH,
      'profile',
      '--url',
      url,
      '--artifact-dir',
      runDirectory,
      ...fixed,
      ...load,
      ...tuning,
    ]);
    return readClientRows(join(runDirectory, 'profile_export.arrow'));
  });
}

/** The same with a bare socket loop, in a process of its own: the floor that machine, kernel and server set. */
export function runBareClient(
  server: ServerTiming,
  load: Pick<BareLoad, 'streams' | 'requestsPerStream' | 'outputTokens' | 'spreadMs'>,
): Promise<PairedStamps> {
  return runClient(server, async (url, directory) => {
    const rows = await runBareProcess({ ...load, url, idPrefix: 'bare', outputPath: join(directory, 'rows.json') });
    return { originNs: 0, rows: rows.map((row) => bareClientRow(row, load.outputTokens)) };
  });
}

async function runClient(
  server: ServerTiming,
  client: (url: string, directory: string) => Promise<ClientRows>,
): Promise<PairedStamps> {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-accuracy-'));
  try {
    let rows: ClientRows | undefined;
    const serverStamps = await withMockServer(
      { ...server, sendLogPath: join(directory, 'send.jsonl') },
      async (url) => {
        await runBareProcess({ ...SERVER_WARM_UP, url, outputPath: join(directory, 'warm-up.json') });
        rows = await client(url, directory);
      },
    );
    const measured = serverStamps.filter(({ requestId }) => !requestId.startsWith(SERVER_WARM_UP.idPrefix));
    return pairStamps(rows ?? { originNs: Number.NaN, rows: [] }, measured);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function runBareProcess(load: BareLoad): Promise<readonly BareRow[]> {
  await runProcess([new URL('bare-client.ts', import.meta.url).pathname, JSON.stringify(load)]);
  return JSON.parse(await readFile(load.outputPath, 'utf8')) as BareRow[];
}

async function runProcess(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: CLIENT_DEADLINE_MS,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === 0) return;
  const how =
    code === null ? `was ended by ${signal}; it has ${CLIENT_DEADLINE_MS / 1000} s` : `ended with code ${code}`;
  throw new Error(`a client ${how}\n${output}`);
}

function bareClientRow({ requestId, startNs, readNs }: BareRow, outputTokens: number): ClientRow {
  const firstNs = readNs[0] ?? Number.NaN;
  const lastNs = readNs.at(-1) ?? Number.NaN;
  return {
    requestId,
    sessionNumber: Number.NaN,
    turnIndex: 0,
    conversationId: '',
    dueNs: Number.NaN,
    startNs,
    sendingNs: Number.NaN,
    durationNs: lastNs - startNs,
    ttftNs: firstNs - startNs,
    gapsNs: Float64Array.from(readNs.slice(1), (time, index) => time - (readNs[index] ?? Number.NaN)),
    interTokenLatencyNs: (lastNs - firstNs) / (outputTokens - 1),
    outputTokens,
    sendLagNs: Number.NaN,
    turnaroundNs: Number.NaN,
  };
}
