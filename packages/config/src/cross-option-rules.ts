import { statSync } from 'node:fs';
import { type ConfigProblem, createProblem, quoteFound } from './config-problem.ts';
import { flagOf, type Given } from './option-names.ts';
import type { UserOptions } from './options/groups.ts';
import { optionDefinitions } from './options/option-table.ts';
import type { PhaseInput } from './phase-input.ts';

/** Options that mean nothing without another one, by their paths. */
const COMPANIONS: readonly (readonly [path: string, needs: string])[] = [
  ['prompt.outputTokensStddev', 'prompt.outputTokensMean'],
  ['comms.zmqPortOffset', 'comms.zmqHost'],
  ['comms.insecureBus', 'comms.zmqHost'],
  ['input.customDatasetType', 'input.inputFile'],
  ['metrics.networkPingIntervalSec', 'metrics.networkLatencyAutomatic'],
  ['service.dryRunSchedule', 'service.dryRun'],
  ['service.dryRunTtftMs', 'service.dryRun'],
  ['service.dryRunItlMs', 'service.dryRun'],
];

function conflict(given: Given, paths: readonly string[], expected: string, remark: string): ConfigProblem {
  const options = paths.map((path) => flagOf(given, path));
  return createProblem({ kind: 'conflict', options, expected, remark });
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

/** An Authorization header can come from three places, and a request carries one. */
function* authorizationConflicts(given: Given): Generator<ConfigProblem> {
  const hasHeader = (given.get('input.headers')?.words ?? []).some((word) =>
    /^\s*authorization\s*:|"authorization"\s*:/i.test(word),
  );
  const urlWords = given.get('endpoint.urls')?.words ?? [];
  const userInfos = new Set(urlWords.map((word) => /^(?:[a-z]+:\/\/)?([^/]*)@/i.exec(word)?.[1]));
  const hasUserInfo = [...userInfos].some((userInfo) => userInfo !== undefined);
  const sources = [
    ...(given.get('endpoint.apiKey')?.value !== undefined ? ['endpoint.apiKey'] : []),
    ...(hasHeader ? ['input.headers'] : []),
    ...(hasUserInfo ? ['endpoint.urls'] : []),
  ];
  if (sources.length > 1) {
    yield conflict(given, sources, 'one source of authorization', 'found several (key, header or user info of a URL)');
  }
  if (hasUserInfo && userInfos.size > 1) {
    yield conflict(given, ['endpoint.urls'], 'the same user info in every URL', 'found different ones');
  }
}

/** Options that describe synthetic conversations. Recorded ones have lengths and turns of their own. */
function isSynthetic(path: string): boolean {
  const kept: readonly string[] = ['conversation.turnDelayRatio'];
  return /^(prompt|conversation)\./u.test(path) ? !kept.includes(path) : path === 'input.datasetEntries';
}

function* inputFileProblems(given: Given): Generator<ConfigProblem> {
  const path = given.get('input.inputFile')?.value;
  if (typeof path !== 'string') return;
  for (const option of optionDefinitions) {
    if (!isSynthetic(option.path) || !given.has(option.path)) continue;
    const expected = 'synthetic or recorded conversations';
    yield conflict(given, [option.path, 'input.inputFile'], expected, 'found both');
  }
  if (path.trim() !== '' && statSync(path, { throwIfNoEntry: false }) === undefined) {
    const options = [flagOf(given, 'input.inputFile')];
    yield createProblem({ kind: 'invalid_value', options, expected: 'a file that exists', found: quoteFound(path) });
  }
}

function* fixedScheduleProblems(
  given: Given,
  options: UserOptions,
  phases: readonly PhaseInput[],
): Generator<ConfigProblem> {
  const { autoOffset, startOffsetMs, endOffsetMs } = options.fixedSchedule;
  const offsets = ['autoOffset', 'startOffsetMs', 'endOffsetMs'].map((key) => `fixedSchedule.${key}`);
  if (!phases.some(({ mode }) => mode === 'fixed_schedule')) {
    for (const path of offsets.filter((path) => given.has(path))) {
      yield createProblem({
        kind: 'conflict',
        options: [flagOf(given, path)],
        expected: `${flagOf(given, 'fixedSchedule.enabled')} beside it, or an input file with timestamps`,
        found: 'no fixed schedule',
        remark: 'without which it has no effect',
      });
    }
  }
  const [auto, start, end] = offsets as [string, string, string];
  if (autoOffset === true && given.has(start)) yield conflict(given, [auto, start], 'one of the two', 'found both');
  if (startOffsetMs !== undefined && endOffsetMs !== undefined && startOffsetMs > endOffsetMs) {
    const found = `found ${startOffsetMs} after ${endOffsetMs}`;
    yield conflict(given, [start, end], 'a start that is not after the end', found);
  }
}

function* metricsProblems(given: Given, { metrics }: UserOptions): Generator<ConfigProblem> {
  const isAutomatic = given.get('metrics.networkLatencyAutomatic')?.value === true;
  if (isAutomatic && given.has('metrics.networkLatencyMeanMs')) {
    const paths = ['metrics.networkLatencyAutomatic', 'metrics.networkLatencyMeanMs'];
    yield conflict(given, paths, 'a measured or a given round trip', 'found both');
  }
  const tags = metrics.goodput.map(({ tag }) => tag);
  const repeated = tags.find((tag, index) => tags.indexOf(tag) !== index);
  if (repeated !== undefined) {
    yield conflict(given, ['metrics.goodput'], 'one objective for each metric', `found ${repeated} twice`);
  }
}

function* workerProblems(given: Given, { service }: UserOptions): Generator<ConfigProblem> {
  const { workersMin, workersMax } = service;
  if (workersMin === undefined || workersMax === undefined || workersMin <= workersMax) return;
  const paths = ['service.workersMin', 'service.workersMax'];
  yield conflict(given, paths, 'a least number that is not above the most', `found ${workersMin} above ${workersMax}`);
}

/** Problems that no option has alone, and no phase of load. `options` holds what is valid and defaults for the rest. */
export function* crossOptionProblems(
  given: Given,
  options: UserOptions,
  phases: readonly PhaseInput[],
): Generator<ConfigProblem> {
  for (const [path, needs] of COMPANIONS) {
    // A switch that is set to false asks for nothing, and gives nothing.
    const isThere = (place: string): boolean => given.has(place) && given.get(place)?.value !== false;
    if (!isThere(path) || isThere(needs)) continue;
    const option = flagOf(given, path);
    const needed = flagOf(given, needs);
    yield createProblem({
      kind: 'conflict',
      options: [option],
      expected: `${needed} beside it`,
      found: `no ${needed}`,
      remark: 'without which it has no effect',
    });
  }
  if (given.has('comms.zmqHost') && given.has('comms.zmqIpcPath')) {
    yield conflict(given, ['comms.zmqHost', 'comms.zmqIpcPath'], 'TCP or IPC', 'found both');
  }
  const [host] = given.get('comms.zmqHost')?.words ?? [];
  if (host !== undefined && host.trim() !== '' && !isLoopback(host) && given.get('comms.insecureBus')?.value !== true) {
    yield createProblem({
      kind: 'conflict',
      options: [flagOf(given, 'comms.zmqHost')],
      expected: 'a loopback address, or --insecure-bus to accept a bus that anyone on the network can join',
      found: JSON.stringify(host),
    });
  }
  yield* authorizationConflicts(given);
  yield* inputFileProblems(given);
  yield* fixedScheduleProblems(given, options, phases);
  yield* metricsProblems(given, options);
  yield* workerProblems(given, options);
}
