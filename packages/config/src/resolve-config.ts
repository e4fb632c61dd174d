import type { FixedScheduleConfig } from './phase-config.ts';
import type { UserOptions } from './options/groups.ts';
import type { PhaseInput } from './phase-input.ts';
import { resolvePhase } from './resolve-phase.ts';
import type { Secret } from './secret.ts';
import type { InputConfig, MetricsConfig, ServiceConfig, UserConfig } from './user-config.ts';

/** Enough to keep a server's prefix cache from answering repeats, and little enough to render before a long run starts. */
const MOST_DEFAULT_ENTRIES = 10_000;
const DEFAULT_ENTRIES = 100;

/** As many conversations as are asked for, so that none is repeated, within reason. */
function defaultEntries(inputs: readonly PhaseInput[]): number {
  const counts = inputs.flatMap(({ kind, fields }) => {
    const count = kind === 'profiling' ? (fields.sessionCount ?? fields.requestCount) : undefined;
    return count === undefined ? [] : [count];
  });
  return counts.length === 0 ? DEFAULT_ENTRIES : Math.min(Math.max(...counts), MOST_DEFAULT_ENTRIES);
}

function resolveInput(input: UserOptions['input'], phases: readonly PhaseInput[]): InputConfig {
  const { extraInputs, headers: _headers, configFile: _merged, datasetEntries, ...rest } = input;
  return {
    ...rest,
    // `fromEntries` keeps a field named `__proto__` a field.
    extraInputs: Object.fromEntries(extraInputs),
    datasetEntries: datasetEntries ?? defaultEntries(phases),
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

function resolveFixedSchedule({ fixedSchedule }: UserOptions): FixedScheduleConfig {
  const { enabled: _mode, autoOffset, ...offsets } = fixedSchedule;
  return { ...offsets, autoOffset: autoOffset ?? offsets.startOffsetMs === undefined };
}

/** Fills in what depends on more than one option. */
export function resolveConfig(options: UserOptions, inputs: readonly PhaseInput[], isTty: boolean): UserConfig {
  const { load: _inPhases, warmup: _inPhasesToo, endpoint, input, ...groups } = options;
  // Basic authorization from a URL is a header like any other from here on.
  const basic = endpoint.urls.find((url) => url.basicAuthorization !== undefined)?.basicAuthorization;
  return {
    ...groups,
    endpoint: {
      ...endpoint,
      urls: endpoint.urls.map((url) => url.href),
      headers: [
        ...(basic === undefined ? [] : [['Authorization', basic] satisfies [string, Secret]]),
        ...input.headers,
      ],
    },
    input: resolveInput(input, inputs),
    phases: inputs.map(resolvePhase),
    fixedSchedule: resolveFixedSchedule(options),
    metrics: resolveMetrics(options.metrics),
    service: resolveService(options.service, isTty),
  };
}
