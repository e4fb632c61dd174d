import { type ConfigProblem, createProblem } from './config-problem.ts';
import { optionAt } from './options/option-table.ts';
import type { GivenOption } from './parse-words.ts';

type Given = ReadonlyMap<string, GivenOption>;

/** Options that mean nothing without another one, by their paths. */
const COMPANIONS: readonly (readonly [path: string, needs: string])[] = [
  ['load.gracePeriodSec', 'load.benchmarkDurationSec'],
  ['prompt.outputTokensStddev', 'prompt.outputTokensMean'],
  ['comms.zmqPortOffset', 'comms.zmqHost'],
  ['comms.insecureBus', 'comms.zmqHost'],
  ['service.dryRunSchedule', 'service.dryRun'],
  ['service.dryRunTtftMs', 'service.dryRun'],
  ['service.dryRunItlMs', 'service.dryRun'],
];

function flagOf(given: Given, path: string): string {
  return given.get(path)?.typedFlags[0] ?? optionAt(path).flags.at(-1) ?? path;
}

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

/** Problems that no option has alone. */
export function* crossOptionProblems(given: Given): Generator<ConfigProblem> {
  for (const [path, needs] of COMPANIONS) {
    // A switch that is set to false asks for nothing.
    if (!given.has(path) || given.get(path)?.value === false || given.has(needs)) continue;
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
}
