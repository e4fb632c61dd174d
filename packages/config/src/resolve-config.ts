import { resolvePhases } from './resolve-phases.ts';
import type { UserOptions } from './options/groups.ts';
import type { Secret } from './secret.ts';
import type { InputConfig, MetricsConfig, ServiceConfig, UserConfig } from './user-config.ts';

/** Enough to keep a server's prefix cache from answering repeats, and little enough to render before a long run starts. */
const MOST_DEFAULT_ENTRIES = 10_000;
const DEFAULT_ENTRIES = 100;

function resolveInput({ input, load }: UserOptions): InputConfig {
  const { extraInputs, headers: _headers, datasetEntries, ...rest } = input;
  return {
    ...rest,
    // `fromEntries` keeps a field named `__proto__` a field.
    extraInputs: Object.fromEntries(extraInputs),
    datasetEntries: datasetEntries ?? Math.min(load.requestCount ?? DEFAULT_ENTRIES, MOST_DEFAULT_ENTRIES),
  };
}

function resolveService(service: UserOptions['service'], isTty: boolean): ServiceConfig {
  const { verbose, extraVerbose, ui, logLevel, ...rest } = service;
  const isVerbose = verbose || extraVerbose;
  return {
    ...rest,
    ui: ui ?? (isTty || isVerbose ? 'simple' : 'none'),
    logLevel: extraVerbose ? 'trace' : verbose ? 'debug' : logLevel,
  };
}

function resolveMetrics({
  networkLatencyAutomatic,
  networkLatencyMeanMs,
  ...rest
}: UserOptions['metrics']): MetricsConfig {
  const given = networkLatencyMeanMs === undefined ? 'off' : { rttMs: networkLatencyMeanMs };
  return { ...rest, networkLatency: networkLatencyAutomatic ? 'auto' : given };
}

/** Fills in what depends on more than one option. */
export function resolveConfig(options: UserOptions, isTty: boolean): UserConfig {
  const { endpoint, tokenizer, prompt, load, output, comms } = options;
  const { count: _stopCondition, ...conversation } = options.conversation;
  // Basic authorization from a URL is a header like any other from here on.
  const basic = endpoint.urls.find((url) => url.basicAuthorization !== undefined)?.basicAuthorization;
  return {
    endpoint: {
      ...endpoint,
      urls: endpoint.urls.map((url) => url.href),
      headers: [
        ...(basic === undefined ? [] : [['Authorization', basic] satisfies [string, Secret]]),
        ...options.input.headers,
      ],
    },
    tokenizer,
    input: resolveInput(options),
    conversation,
    prompt,
    load,
    phases: resolvePhases(load),
    fixedSchedule: { autoOffset: true },
    metrics: resolveMetrics(options.metrics),
    output,
    service: resolveService(options.service, isTty),
    comms,
  };
}
