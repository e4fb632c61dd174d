import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type UserConfig, workerCount } from '@aiperf/config';
import { createOfflineDataset, limitProblems, openFilesNeeded, readClientLimits } from '@aiperf/controller';
import { createRandomSource, type DatasetStore, openDatasetStore } from '@aiperf/dataset';
import { type AssumedAnswer, type RunForecast, simulateRun } from '@aiperf/timing/simulation';
import { ASSUMED_OUTPUT_TOKENS, DatasetTokens } from '../dry-run/dataset-tokens.ts';
import { PhaseBook } from '../dry-run/phase-book.ts';
import { renderForecast } from '../dry-run/render-forecast.ts';
import { ScheduleFile } from '../dry-run/schedule-file.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../exit-codes.ts';

/** Assumed of a server that nobody describes. */
const DEFAULT_TTFT_MS = 200;
const DEFAULT_ITL_MS = 10;
/** Requests that are simulated at most: some tens of seconds of work. */
const REQUEST_LIMIT = 2_000_000;

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/**
 * `aiperf profile --dry-run`: the schedule and a forecast of the run that the options describe, in virtual time. No server is needed, nothing
 * is sent, and no result directory is made. Exit code 2 when this host could not offer the load.
 */
export async function dryRun(config: UserConfig): Promise<number> {
  const { dryRunSchedule: path } = config.service;
  let hasFile = false;
  try {
    // First, so that a file that cannot be written does not cost the time that the dataset takes.
    using file = path === undefined ? undefined : new ScheduleFile(path);
    hasFile = file !== undefined;
    await using dataset = await createOfflineDataset(config, warn);
    using store = openDatasetStore(dataset.directory);
    const { text, isPossible } = await forecastRun(config, store, file);
    process.stdout.write(text);
    if (path !== undefined) process.stdout.write(`\nThe whole schedule: ${path}\n`);
    return isPossible ? EXIT_OK : EXIT_USAGE;
  } catch (error) {
    if (hasFile && path !== undefined) rmSync(path, { force: true });
    const { code = '', message } = error as NodeJS.ErrnoException;
    process.stderr.write(`aiperf: ${hasFile || path === undefined ? message : `--dry-run-schedule: ${message}`}\n`);
    // A schedule, a dataset or a file that cannot be used is the fault of what was asked for.
    return code.startsWith('AIPERF_') || !hasFile ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function forecastRun(
  config: UserConfig,
  store: DatasetStore,
  file: ScheduleFile | undefined,
): Promise<{ readonly text: string; readonly isPossible: boolean }> {
  const workers = workerCount(config, availableParallelism());
  const tokens = new DatasetTokens(store);
  const answer = assumedAnswers(config);
  const books = config.phases.map((phase) => new PhaseBook(phase));
  const forecast = simulateRun({
    config,
    times: store,
    random: createRandomSource(config.input.randomSeed),
    workerCount: workers,
    requestLimit: REQUEST_LIMIT,
    answer: (conversationIndex, turnIndex) => answer(tokens.of(conversationIndex, turnIndex).output),
    onSend: (request) => {
      const { input, output } = tokens.of(request.conversationIndex, request.turnIndex);
      const outputTokens = tokensUntil(request.cancelAfterNs, answer(output), output);
      const book = books[request.phaseIndex];
      book?.add(request, input, outputTokens);
      file?.add({
        phaseName: book?.phase.name ?? '',
        request,
        conversationId: store.conversationId(request.conversationIndex),
        inputTokens: input,
        outputTokens,
      });
    },
  });
  const host = await describeHost(config, forecast, workers);
  const text = renderForecast({
    forecast,
    books,
    conversationId: (conversationIndex) => store.conversationId(conversationIndex),
    host: host.lines,
    assumptions: describeAssumptions(config, forecast, tokens),
  });
  return { text, isPossible: host.isPossible };
}

/** By the number of output tokens. Without streaming nothing arrives before the end. */
function assumedAnswers({ service, endpoint }: UserConfig): (outputTokens: number) => AssumedAnswer {
  const ttftNs = (service.dryRunTtftMs ?? DEFAULT_TTFT_MS) * 1e6;
  const itlNs = (service.dryRunItlMs ?? DEFAULT_ITL_MS) * 1e6;
  return (outputTokens) => {
    // Virtual time would stand still with answers that take none.
    const endNs = Math.max(1, ttftNs + Math.max(0, outputTokens - 1) * itlNs);
    return { firstTokenNs: endpoint.streaming ? Math.min(ttftNs, endNs) : endNs, endNs };
  };
}

/** Tokens that have come when a request is cancelled; all of them when it is not. */
function tokensUntil(cancelAfterNs: number, { firstTokenNs, endNs }: AssumedAnswer, outputTokens: number): number {
  if (!(cancelAfterNs < endNs)) return outputTokens;
  if (cancelAfterNs < firstTokenNs) return 0;
  return Math.floor((outputTokens * (cancelAfterNs - firstTokenNs)) / Math.max(1, endNs - firstTokenNs));
}

async function describeHost(
  { endpoint }: UserConfig,
  forecast: RunForecast,
  workers: number,
): Promise<{ readonly lines: readonly string[]; readonly isPossible: boolean }> {
  const demand = { connections: forecast.requestsInFlightMax, workers, servers: endpoint.urls.length };
  const limits = await readClientLimits();
  const problems = limitProblems(demand, limits);
  const of = (allowed: number | undefined): string => (allowed === undefined ? '' : ` of ${whole.format(allowed)}`);
  return {
    lines: [
      `${workers} worker ${workers === 1 ? 'process' : 'processes'}`,
      `${whole.format(demand.connections)} connections at most, one a request in flight`,
      `${whole.format(openFilesNeeded(demand))}${of(limits.openFiles)} open files in each worker`,
      `${whole.format(demand.connections)}${of(limits.localPorts === undefined ? undefined : limits.localPorts * demand.servers)} local ports`,
      ...problems.map((problem) => `TOO MUCH: ${problem}`),
    ],
    isPossible: problems.length === 0,
  };
}

function describeAssumptions(
  { service, input, endpoint }: UserConfig,
  forecast: RunForecast,
  tokens: DatasetTokens,
): string[] {
  const ttftMs = service.dryRunTtftMs ?? DEFAULT_TTFT_MS;
  const itlMs = service.dryRunItlMs ?? DEFAULT_ITL_MS;
  const shape = endpoint.streaming ? '' : ', the whole answer at its end';
  return [
    `every answer takes ${ttftMs} ms to its first token and ${itlMs} ms for each further one (--dry-run-ttft, --dry-run-itl)${shape};`,
    '  durations, rates of a closed loop and requests in flight depend on it, due times do not',
    'no request fails, nobody is late, the network takes no time',
    ...(tokens.hasAssumedLengths ? [`answers without a length of their own have ${ASSUMED_OUTPUT_TOKENS} tokens`] : []),
    ...(input.randomSeed === undefined
      ? ['no --random-seed is given: a run would draw other times and texts than these']
      : []),
    ...(forecast.isCutShort
      ? [
          `the simulation was ended after ${whole.format(REQUEST_LIMIT)} requests: the run would go on, the requests in flight then count as cancelled`,
        ]
      : []),
  ];
}

function warn(message: string): void {
  process.stderr.write(`WARNING: ${message}\n`);
}
