import { resolve } from 'node:path';
import { isCredentialName, redactObject } from './credentials.ts';
import { REDACTED } from './secret.ts';
import type { LoadConfig, UserConfig } from './user-config.ts';

/** A JSON object whose absent parts are `undefined` and are left out when it is written. */
export type ConfigDescription = Readonly<Record<string, unknown>>;

function describeEndpoint({ endpoint, input }: UserConfig, given: ReadonlySet<string>): ConfigDescription {
  const when = (key: string, value: unknown): unknown => (given.has(`endpoint.${key}`) ? value : undefined);
  const headers = endpoint.headers.map(([name, value]) => [name, isCredentialName(name) ? REDACTED : value.reveal()]);
  return {
    urls: endpoint.urls,
    type: endpoint.type,
    path: endpoint.path,
    api_key: endpoint.apiKey === undefined ? undefined : REDACTED,
    timeout: when('requestTimeoutSec', endpoint.requestTimeoutSec),
    streaming: when('streaming', endpoint.streaming),
    transport: when('transport', endpoint.transport),
    connection_reuse: when('connectionReuse', endpoint.connectionReuse),
    use_legacy_max_tokens: when('useLegacyMaxTokens', endpoint.useLegacyMaxTokens),
    use_server_token_count: when('useServerTokenCount', endpoint.useServerTokenCount),
    headers: headers.length === 0 ? undefined : Object.fromEntries(headers),
    extra: given.has('input.extraInputs') ? redactObject(input.extraInputs) : undefined,
  };
}

function describeDataset({ input, prompt }: UserConfig, given: ReadonlySet<string>): ConfigDescription {
  const stddev = (key: string, value: number): number | undefined => (given.has(`prompt.${key}`) ? value : undefined);
  return {
    name: 'main',
    type: 'synthetic',
    entries: input.datasetEntries,
    random_seed: input.randomSeed,
    sampling: given.has('input.datasetSampling') ? input.datasetSampling : undefined,
    prompts: {
      isl: { mean: prompt.inputTokensMean, stddev: stddev('inputTokensStddev', prompt.inputTokensStddev) },
      osl:
        prompt.outputTokensMean === undefined
          ? undefined
          : { mean: prompt.outputTokensMean, stddev: stddev('outputTokensStddev', prompt.outputTokensStddev) },
    },
  };
}

/** Infinity has no JSON form; AIPerf's configuration spells it so. */
function jsonSeconds(sec: number): number | 'inf' {
  return Number.isFinite(sec) ? sec : 'inf';
}

function describePhases(load: LoadConfig, given: ReadonlySet<string>): readonly ConfigDescription[] {
  const { requestRatePerSec, benchmarkDurationSec } = load;
  const type = requestRatePerSec === undefined ? 'concurrency' : load.arrivalPattern;
  const pace = {
    rate: requestRatePerSec,
    concurrency: load.concurrency ?? (requestRatePerSec === undefined ? 1 : undefined),
  };
  const requests = load.requestCount ?? (benchmarkDurationSec === undefined ? 10 : undefined);
  const warmup = {
    name: 'warmup',
    kind: 'warmup',
    type,
    exclude_from_results: true,
    requests: load.warmupRequestCount,
    ...pace,
  };
  const profiling = {
    name: 'profiling',
    kind: 'profiling',
    type,
    requests,
    duration: benchmarkDurationSec,
    ...pace,
    grace_period: given.has('load.gracePeriodSec') ? jsonSeconds(load.gracePeriodSec) : undefined,
  };
  return load.warmupRequestCount === undefined ? [profiling] : [warmup, profiling];
}

function withoutAbsent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAbsent);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (part === undefined ? [] : [[key, withoutAbsent(part)]])),
  );
}

/**
 * The explicitly given configuration in the shape of AIPerf's `input_config`: snake_case, its key order, and secrets replaced. What AIPerf can
 * collect and this version cannot is described as switched off.
 */
export function describeConfig(config: UserConfig, given: ReadonlySet<string>): ConfigDescription {
  const { service } = config;
  return withoutAbsent({
    models: { items: config.endpoint.modelNames.map((name) => ({ name })) },
    endpoint: describeEndpoint(config, given),
    datasets: [describeDataset(config, given)],
    phases: describePhases(config.load, given),
    artifacts: {
      dir: config.output.artifactDirectory === undefined ? undefined : resolve(config.output.artifactDirectory),
      records: config.output.exportLevel === 'records' ? ['jsonl'] : false,
      raw: false,
      auto_plot: false,
      plot_required: false,
    },
    tokenizer: config.tokenizer.name === undefined ? undefined : { name: config.tokenizer.name },
    gpu_telemetry: { enabled: false },
    server_metrics: { enabled: false },
    network_latency: { enabled: false },
    otel: {},
    mlflow: {},
    wandb: {},
    runtime: {
      ui: given.has('service.ui') ? service.ui : undefined,
      workers: service.workersMax,
      record_processors: service.recordProcessors,
    },
    logging: given.has('service.logLevel') ? { level: service.logLevel.toUpperCase() } : undefined,
  }) as ConfigDescription;
}
