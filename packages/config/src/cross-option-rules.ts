import { statSync } from 'node:fs';
import { conflict, type ConfigProblem, invalidValue, missingBeside, quoteFound } from './config-problem.ts';
import { flagOf, type Given } from './option-names.ts';
import type { UserOptions } from './options/groups.ts';
import { optionDefinitions } from './options/option-table.ts';
import type { PhaseInput } from './phase-input.ts';

function between(given: Given, paths: readonly string[], expected: string, found: string): ConfigProblem {
  return conflict(
    paths.map((path) => flagOf(given, path)),
    expected,
    found,
  );
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
    yield between(given, sources, 'one source of authorization', 'several (key, header or user info of a URL)');
  }
  if (hasUserInfo && userInfos.size > 1) {
    yield between(given, ['endpoint.urls'], 'the same user info in every URL', 'different ones');
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
    yield between(given, [option.path, 'input.inputFile'], expected, 'both');
  }
  if (path.trim() !== '' && statSync(path, { throwIfNoEntry: false }) === undefined) {
    yield invalidValue(flagOf(given, 'input.inputFile'), 'a file that exists', quoteFound(path));
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
    const expected = `${flagOf(given, 'fixedSchedule.enabled')} beside it, or an input file with timestamps`;
    for (const path of offsets.filter((path) => given.has(path))) {
      yield conflict([flagOf(given, path)], expected, 'no fixed schedule', 'without which it has no effect');
    }
  }
  const [auto, start, end] = offsets as [string, string, string];
  if (autoOffset === true && given.has(start)) yield between(given, [auto, start], 'one of the two', 'both');
  if (startOffsetMs !== undefined && endOffsetMs !== undefined && startOffsetMs > endOffsetMs) {
    const found = `${startOffsetMs} after ${endOffsetMs}`;
    yield between(given, [start, end], 'a start that is not after the end', found);
  }
}

function* metricsProblems(given: Given, { metrics }: UserOptions): Generator<ConfigProblem> {
  const isAutomatic = given.get('metrics.networkLatencyAutomatic')?.value === true;
  if (isAutomatic && given.has('metrics.networkLatencyMeanMs')) {
    const paths = ['metrics.networkLatencyAutomatic', 'metrics.networkLatencyMeanMs'];
    yield between(given, paths, 'a measured or a given round trip', 'both');
  }
  const tags = metrics.goodput.map(({ tag }) => tag);
  const repeated = tags.find((tag, index) => tags.indexOf(tag) !== index);
  if (repeated !== undefined) {
    yield between(given, ['metrics.goodput'], 'one objective for each metric', `${repeated} twice`);
  }
}

function* workerProblems(given: Given, { service }: UserOptions): Generator<ConfigProblem> {
  const { workersMin, workersMax } = service;
  if (workersMin === undefined || workersMax === undefined || workersMin <= workersMax) return;
  const paths = ['service.workersMin', 'service.workersMax'];
  yield between(given, paths, 'a least number that is not above the most', `${workersMin} above ${workersMax}`);
}

/** Problems that no option has alone, and no phase of load. `options` holds what is valid and defaults for the rest. */
export function* crossOptionProblems(
  given: Given,
  options: UserOptions,
  phases: readonly PhaseInput[],
): Generator<ConfigProblem> {
  // A switch that is set to false asks for nothing, and gives nothing.
  const isThere = (path: string): boolean => given.has(path) && given.get(path)?.value !== false;
  for (const { path, needs } of optionDefinitions) {
    if (needs !== undefined && isThere(path) && !isThere(needs)) {
      yield missingBeside(flagOf(given, path), flagOf(given, needs));
    }
  }
  if (given.has('comms.zmqHost') && given.has('comms.zmqIpcPath')) {
    yield between(given, ['comms.zmqHost', 'comms.zmqIpcPath'], 'TCP or IPC', 'both');
  }
  const [host] = given.get('comms.zmqHost')?.words ?? [];
  if (host !== undefined && host.trim() !== '' && !isLoopback(host) && given.get('comms.insecureBus')?.value !== true) {
    const expected = 'a loopback address, or --insecure-bus to accept a bus that anyone on the network can join';
    yield between(given, ['comms.zmqHost'], expected, JSON.stringify(host));
  }
  yield* authorizationConflicts(given);
  yield* inputFileProblems(given);
  yield* fixedScheduleProblems(given, options, phases);
  yield* metricsProblems(given, options);
  yield* workerProblems(given, options);
}
