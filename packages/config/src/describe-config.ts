import { resolve } from 'node:path';
import { isCredentialName, redactObject } from './credentials.ts';
import { describePhases } from './describe-phases.ts';
import { REDACTED } from './secret.ts';
import type { UserConfig } from './user-config.ts';

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

function describeSynthetic(config: UserConfig, given: ReadonlySet<string>): ConfigDescription {
  const { input, prompt, conversation } = config;
  const stddev = (key: string, value: number): number | undefined => (given.has(`prompt.${key}`) ? value : undefined);
  const has = (...keys: string[]): boolean => keys.some((key) => given.has(`conversation.${key}`));
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
    turns: has('turnsMean', 'turnsStddev')
      ? { mean: conversation.turnsMean, stddev: conversation.turnsStddev }
      : undefined,
    turn_delay: has('turnDelayMeanMs', 'turnDelayStddevMs')
      ? { mean: conversation.turnDelayMeanMs, stddev: conversation.turnDelayStddevMs }
      : undefined,
    turn_delay_ratio: has('turnDelayRatio') ? conversation.turnDelayRatio : undefined,
  };
}

function describeDataset(config: UserConfig, given: ReadonlySet<string>): ConfigDescription {
  const { input, conversation } = config;
  if (input.inputFile === undefined) return describeSynthetic(config, given);
  return {
    name: 'main',
    type: 'file',
    path: input.inputFile,
    format: input.customDatasetType,
    random_seed: input.randomSeed,
    sampling: given.has('input.datasetSampling') ? input.datasetSampling : undefined,
    turn_delay_ratio: given.has('conversation.turnDelayRatio') ? conversation.turnDelayRatio : undefined,
  };
}

function describeArtifacts({ output }: UserConfig, given: ReadonlySet<string>): ConfigDescription {
  const when = <T>(key: string, value: T): T | undefined => (given.has(`output.${key}`) ? value : undefined);
  return {
    dir: output.artifactDirectory === undefined ? undefined : resolve(output.artifactDirectory),
    prefix: output.exportPrefix,
    records: output.exportLevel === 'summary' ? false : ['jsonl'],
    raw: output.exportLevel === 'raw',
    trace: when('exportHttpTrace', output.exportHttpTrace),
    slice_duration: output.sliceDurationSec,
    show_trace_timing: when('showTraceTiming', output.showTraceTiming),
    formats: when('exportFormats', output.exportFormats),
    auto_plot: false,
    plot_required: false,
    export_outputs_json: when('exportOutputs', output.exportOutputs),
  };
}

function describeNetworkLatency({ metrics }: UserConfig, given: ReadonlySet<string>): ConfigDescription {
  const { networkLatency, networkPingIntervalSec } = metrics;
  return {
    enabled: networkLatency !== 'off',
    mean: typeof networkLatency === 'object' ? networkLatency.rttMs : undefined,
    ping_interval: given.has('metrics.networkPingIntervalSec') ? networkPingIntervalSec : undefined,
  };
}

function describeObjectives({ metrics }: UserConfig): ConfigDescription | undefined {
  const { goodput } = metrics;
  return goodput.length === 0 ? undefined : Object.fromEntries(goodput.map(({ tag, value }) => [tag, value]));
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
    phases: describePhases(config, given),
    artifacts: describeArtifacts(config, given),
    slos: describeObjectives(config),
    tokenizer: config.tokenizer.name === undefined ? undefined : { name: config.tokenizer.name },
    gpu_telemetry: { enabled: false },
    server_metrics: { enabled: false },
    network_latency: describeNetworkLatency(config, given),
    otel: {},
    mlflow: {},
    wandb: {},
    runtime: {
      ui: given.has('service.ui') ? service.ui : undefined,
      workers: service.workersMax,
      workers_min: service.workersMin,
      record_processors: service.recordProcessors,
      host_tuning: given.has('service.hostTuning') ? service.hostTuning : undefined,
    },
    logging: given.has('service.logLevel') ? { level: service.logLevel.toUpperCase() } : undefined,
  }) as ConfigDescription;
}
