import type { EndpointType } from '@aiperf/endpoints';
import type { FixedScheduleConfig, PhaseConfig } from './phase-config.ts';
import type { Secret } from './secret.ts';

/** Where requests go and how they are spoken. */
export interface EndpointConfig {
  readonly modelNames: readonly string[];
  /** Base URLs with scheme, without the endpoint's path, a slash at the end or user info (which is a header here). */
  readonly urls: readonly string[];
  /** Wire protocol of the server under test. */
  readonly type: EndpointType;
  /** Replaces the endpoint type's own path; begins with `/`. */
  readonly path?: string;
  readonly streaming: boolean;
  readonly apiKey?: Secret;
  /** Extra request headers in the order given. Values may be secrets, so they are kept as such. */
  readonly headers: readonly (readonly [name: string, value: Secret])[];
  /** Limit of one request, from connect to last byte. Default 21,600. */
  readonly requestTimeoutSec: number;
  readonly useLegacyMaxTokens: boolean;
  readonly useServerTokenCount: boolean;
  /** `pooled`: keep-alive pool; `never`: a fresh connection for each request. */
  readonly connectionReuse: 'pooled' | 'never';
  /** `auto`: the direct HTTP/1.1 transport where it applies, undici otherwise. */
  readonly transport: 'auto' | 'direct' | 'undici';
}

export interface TokenizerConfig {
  /** `builtin`, or a local Hugging Face folder or `tokenizer.json`. Absent: found by model name, else `builtin`. */
  readonly name?: string;
}

export interface InputConfig {
  /** Fields merged over the rendered request body. */
  readonly extraInputs: Readonly<Record<string, unknown>>;
  readonly randomSeed?: number;
  /** Number of distinct conversations generated. Default: the request count, 10,000 at most; 100 without one. */
  readonly datasetEntries: number;
  readonly datasetSampling: 'sequential' | 'random' | 'shuffle';
  /** Recorded conversations in place of synthetic ones: path as given, relative to the working directory. */
  readonly inputFile?: string;
  /** Format of `inputFile`. Absent: told from its first record. */
  readonly customDatasetType?: CustomDatasetType;
}

/** Format of an input file. Later formats are added to this list. */
export type CustomDatasetType = 'mooncake_trace';

/** Turns of synthetic conversations, and the user's time to think between them. */
export interface ConversationConfig {
  /** Mean number of turns; at least 1. Default 1. */
  readonly turnsMean: number;
  readonly turnsStddev: number;
  /** Time between the end of one reply and the next turn. Default 0. */
  readonly turnDelayMeanMs: number;
  readonly turnDelayStddevMs: number;
  /** Every delay is multiplied by it, recorded ones included. Default 1. */
  readonly turnDelayRatio: number;
}

/** Lengths of synthetic prompts, in tokens. */
export interface PromptConfig {
  readonly inputTokensMean: number;
  readonly inputTokensStddev: number;
  readonly outputTokensMean?: number;
  readonly outputTokensStddev: number;
}

export interface OutputConfig {
  /** Absent: `artifacts/<model>-<kind>-<endpoint>-<stimulus>`. */
  readonly artifactDirectory?: string;
  /** `records` writes one JSON line a request beside the summary, `raw` every request and response as well. */
  readonly exportLevel: 'summary' | 'records' | 'raw';
  /** `foo` names the result files `foo.json`, `foo.csv`, `foo.jsonl`, `foo_raw.jsonl` and so on. No directory, no known ending. Absent: the usual names. */
  readonly exportPrefix?: string;
  /** Columnar files of the records. Arrow is always written; Parquet is made from it at the end. */
  readonly exportFormats: readonly ExportFormat[];
  /** Window of the time slices. Absent: no slices. */
  readonly sliceDurationSec?: number;
  /** Writes the generated texts to `outputs.json`. */
  readonly exportOutputs: boolean;
  /** Puts the phases of each HTTP request into the per-request JSON lines. */
  readonly exportHttpTrace: boolean;
  /** Prints a table of the phases of HTTP requests. */
  readonly showTraceTiming: boolean;
}

export type ExportFormat = 'arrow' | 'parquet';

/** An objective for every request: the metric, in its display unit, must be at most this (at least, where larger is better). */
export interface GoodputObjective {
  /** Whether there is such a metric is known to the registry of metrics, not here. */
  readonly tag: string;
  readonly value: number;
}

/** What is computed beside the usual metrics. */
export interface MetricsConfig {
  /** A request that meets all of them is good. Empty: goodput is not computed. Tags are unique. */
  readonly goodput: readonly GoodputObjective[];
  /** ES modules that export further metrics; paths as given, relative to the working directory. */
  readonly modules: readonly string[];
  /** Round trip that network-adjusted metrics take off: none computed, measured during the run, or given. */
  readonly networkLatency: 'off' | 'auto' | { readonly rttMs: number };
  /** Time between two measurements of the round trip; of `auto` only. Default 1. */
  readonly networkPingIntervalSec: number;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'notice' | 'warning' | 'success' | 'error' | 'critical';

export interface ServiceConfig {
  readonly ui: 'simple' | 'none';
  readonly logLevel: LogLevel;
  /** Absent: one per four workers. */
  readonly recordProcessors?: number;
  /** Absent: by cores and load. */
  readonly workersMax?: number;
  /** Never fewer worker processes than this. Absent: 1. */
  readonly workersMin?: number;
  /** Whether a run may change what other programs of its host get. */
  readonly hostTuning: 'off' | 'auto';
  /** Prints the schedule and a forecast instead of sending anything. */
  readonly dryRun: boolean;
  /** Where a dry run writes the whole schedule, as CSV. */
  readonly dryRunSchedule?: string;
  /** Answer times that a dry run assumes. Absent: 200 ms to the first token, 10 ms between tokens. */
  readonly dryRunTtftMs?: number;
  readonly dryRunItlMs?: number;
}

export interface CommsConfig {
  /** Given: TCP with the documented ports on this host. Absent: IPC in a private directory. */
  readonly zmqHost?: string;
  readonly zmqIpcPath?: string;
  /** Added to every documented port, so that two TCP runs can share a host. */
  readonly zmqPortOffset: number;
  /** Allows a bus on an address other than loopback without CURVE keys. */
  readonly insecureBus: boolean;
}

/** Everything a user can say about a run, validated, with defaults filled in. */
export interface UserConfig {
  readonly endpoint: EndpointConfig;
  readonly tokenizer: TokenizerConfig;
  readonly input: InputConfig;
  readonly conversation: ConversationConfig;
  readonly prompt: PromptConfig;
  /** The run's phases in their order, at least one of them profiling; made from the load options or from the configuration file. */
  readonly phases: readonly PhaseConfig[];
  /** Of phases with mode `fixed_schedule`. */
  readonly fixedSchedule: FixedScheduleConfig;
  readonly metrics: MetricsConfig;
  readonly output: OutputConfig;
  readonly service: ServiceConfig;
  readonly comms: CommsConfig;
}
