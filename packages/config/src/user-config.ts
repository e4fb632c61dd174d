import type { ArrivalPattern, FixedScheduleConfig, PhaseConfig } from './phase-config.ts';
import type { Secret } from './secret.ts';

/** Wire protocol of the server under test. Later protocols are added to this list. */
export type EndpointType = 'chat';

/** Where requests go and how they are spoken. */
export interface EndpointConfig {
  readonly modelNames: readonly string[];
  /** Base URLs with scheme, without the endpoint's path, a slash at the end or user info (which is a header here). */
  readonly urls: readonly string[];
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
}

/** Lengths of synthetic prompts, in tokens. */
export interface PromptConfig {
  readonly inputTokensMean: number;
  readonly inputTokensStddev: number;
  readonly outputTokensMean?: number;
  readonly outputTokensStddev: number;
}

/** Load of the profiling phase and of the warm-up before it. */
export interface LoadConfig {
  /** Requests in flight at most. Absent with a rate: unlimited; absent without a rate: 1. */
  readonly concurrency?: number;
  readonly requestRatePerSec?: number;
  readonly arrivalPattern: ArrivalPattern;
  /** Absent together with `benchmarkDurationSec`: 10. */
  readonly requestCount?: number;
  readonly benchmarkDurationSec?: number;
  /** Time that requests in flight at the end of the duration may still take; `Infinity` waits for all. Default 30. */
  readonly gracePeriodSec: number;
  readonly warmupRequestCount?: number;
}

export interface OutputConfig {
  /** Absent: `artifacts/<model>-<kind>-<endpoint>-<stimulus>`. */
  readonly artifactDirectory?: string;
  /** `records` writes `profile_export.jsonl` beside the summary. */
  readonly exportLevel: 'summary' | 'records';
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'notice' | 'warning' | 'success' | 'error' | 'critical';

export interface ServiceConfig {
  readonly ui: 'simple' | 'none';
  readonly logLevel: LogLevel;
  /** Absent: one per four workers. */
  readonly recordProcessors?: number;
  /** Absent: by cores and concurrency. */
  readonly workersMax?: number;
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
  readonly prompt: PromptConfig;
  readonly load: LoadConfig;
  /** The run's phases in their order, at least one of them profiling; made from the load options or from the configuration file. */
  readonly phases: readonly PhaseConfig[];
  /** Of phases with mode `fixed_schedule`. */
  readonly fixedSchedule: FixedScheduleConfig;
  readonly output: OutputConfig;
  readonly service: ServiceConfig;
  readonly comms: CommsConfig;
}
