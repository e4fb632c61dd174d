/** Properties of a metric that decide where it applies and where it is shown. Names follow AIPerf. */
export const METRIC_FLAGS = [
  'streaming_only',
  'error_only',
  'produces_tokens_only',
  'larger_is_better',
  'internal',
  'supports_reasoning',
  'experimental',
  'no_individual_records',
  'tokenizes_input_only',
  'usage_diff_only',
  'http_trace_only',
  'percentile_includes_failed_requests',
  'supports_audio_only',
  'supports_image_only',
  'supports_video_only',
  'produces_video_only',
  'goodput',
  'fixed_schedule_only',
  'disable_on_accuracy',
] as const;
export type MetricFlag = (typeof METRIC_FLAGS)[number];

/** Native units; times are nanoseconds until they are shown. */
export type MetricUnit =
  | 'ns'
  | 'ms'
  | 'sec'
  | 'tokens'
  | 'tokens/sec'
  | 'tokens/sec/user'
  | 'requests'
  | 'requests/sec'
  | 'ratio'
  | '%'
  | 'count'
  | 'B'
  | 'KB'
  | 'MB'
  | 'images'
  | 'images/sec'
  | 'ms/image'
  | 'stalls/1000 tokens'
  // Metrics from elsewhere may bring their own; there is no conversion between those.
  | (string & {});

/** Table of the console that a metric stands in; `none`: in files only. */
export type ConsoleGroup =
  | 'default'
  | 'usage'
  | 'cache'
  | 'prediction'
  | 'audio'
  | 'reasoning'
  | 'effective'
  | 'active'
  | 'spec_decode'
  | 'none';

/** What is said about a metric, whatever its kind. One entry of the registry. */
export interface MetricDefinition {
  /** Key in every file, snake_case as AIPerf spells it. */
  readonly tag: string;
  readonly header: string;
  /** For narrow places; the header when absent. */
  readonly shortHeader?: string;
  readonly unit: MetricUnit;
  /** Unit in files and tables; the same as `unit` when absent. */
  readonly displayUnit?: MetricUnit;
  /**
   * - `record`: one value a request. `record_list`: several.
   * - `aggregate`: one value a run, folded over the rows. `derived`: one value a run, from the others.
   * - `derived_record`: one value a request, made from a record metric and values of the run at its end; in no row.
   * - `measured`: values of the run that come from beside its requests.
   * - `curve`: a value at every moment of the run, with statistics weighted by time.
   */
  readonly kind: 'record' | 'record_list' | 'aggregate' | 'derived' | 'derived_record' | 'measured' | 'curve';
  readonly flags: readonly MetricFlag[];
  readonly consoleGroup: ConsoleGroup;
  /** Position in the console table; unordered rows come last. */
  readonly displayOrder?: number;
  /** The formula in words, for the generated reference and the Arrow field metadata. */
  readonly formula: string;
  /** Tags whose values must exist before this one is computed; the metric is dropped in a mode that lacks one of them. */
  readonly requires?: readonly string[];
  /** Raised when the same input gives another value than before. Absent: 1. */
  readonly version?: number;
}

/** Whether more is better; neither is claimed for a metric without the flag. */
export function isLargerBetter({ flags }: Pick<MetricDefinition, 'flags'>): boolean {
  return flags.includes('larger_is_better');
}

/** Summary of one metric in its display unit, as exported. Absent statistics are left out. */
export interface MetricResult {
  readonly tag: string;
  readonly header: string;
  /** Display unit. */
  readonly unit: MetricUnit;
  /** Absent where it is infinite, which is in error-adjusted latencies. */
  readonly avg?: number;
  readonly p1?: number;
  readonly p5?: number;
  readonly p10?: number;
  readonly p25?: number;
  readonly p50?: number;
  readonly p75?: number;
  readonly p90?: number;
  readonly p95?: number;
  readonly p99?: number;
  readonly min?: number;
  readonly max?: number;
  /** Population standard deviation. */
  readonly std?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly p99_9?: number;
  /** 95 % confidence intervals from order statistics, lower and upper end; absent where the sample is too small for one. */
  readonly confidence?: Readonly<Partial<Record<'p50' | 'p90' | 'p99', readonly [low: number, high: number]>>>;
  /** Percentiles whose sample is smaller than 1 / (1 - q) (1 / q below the median), so that they are little more than an extreme. */
  readonly uncertain?: readonly string[];
}

/** Metrics of the requests that started in one window of time. */
export interface TimeSlice {
  /** Epoch nanoseconds as decimal strings. */
  readonly startEpochNs: string;
  readonly endEpochNs: string;
  /** False for a last slice that is shorter than the others. */
  readonly isComplete: boolean;
  readonly metrics: readonly MetricResult[];
}

/** Records, or a summary, that contradict themselves. */
export interface InvariantViolation {
  /** Closed name of the rule, such as `ttft_above_latency`. */
  readonly rule: string;
  readonly count: number;
  /** One example in words, with the request's id where it is about one. */
  readonly example: string;
}

/** What was asked for, and what was delivered, of one profiling phase. Times in ms, rates per second. */
export interface LoadReport {
  readonly phase: string;
  readonly mode: string;
  readonly sent: number;
  /** Outcomes as the records say, where each request left one; else as the workers saw them, who do not read what is in an answer. */
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly lost: number;
  /** Requests that were due and were never sent, because no slot became free before the phase's end. */
  readonly neverSent: number;
  readonly sessions: number;
  /** Mean over the time in which requests were due. Absent in a closed loop. */
  readonly askedRatePerSec?: number;
  /** From the times at which requests were sent, first to last. */
  readonly achievedRatePerSec?: number;
  /**
   * From the first request's start to the last one's end, failed and cancelled ones included, and good requests over this time. The rates
   * among the metrics divide by `benchmark_duration`, which only good requests make: where a run begins or ends with failures it is
   * shorter, and those rates are higher than this one.
   */
  readonly requestSpanSec?: number;
  readonly goodRatePerSec?: number;
  readonly interArrival?: {
    readonly meanMs: number;
    readonly coefficientOfVariation: number;
    /**
     * Kolmogorov-Smirnov distance from the intended law, and its 1 % critical value; absent without a law. Of the sent intervals from the law
     * of the intervals; at an even rate, which has intervals of one length, of the sent times from an even spread. A rate that
     * changes is first made a steady one by a change of time.
     */
    readonly ksDistance?: number;
    readonly ksCritical?: number;
  };
  readonly sendLagMs?: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly verdict: 'on_schedule' | 'degraded' | 'not_applicable';
  /** Why it is degraded. */
  readonly reason?: string;
}

/** Failed requests of one kind. */
export interface ErrorCount {
  readonly code: number | null;
  readonly type: string;
  readonly message: string;
  /** Our closed kind, such as `stream_cut`. */
  readonly kind: string;
  readonly count: number;
}

/** What the run changed on its host, outside its own processes. */
export interface HostTuningReport {
  readonly mode: 'off' | 'auto';
  /** In words, each once, in order; empty with `off`, and where nothing could be had. */
  readonly taken: readonly string[];
}

/** Everything the exporters need about a finished phase or run. */
export interface RunResults {
  readonly profiling: readonly MetricResult[];
  /** Absent without a warm-up. */
  readonly warmup?: readonly MetricResult[];
  /** Of profiling, the most frequent first. */
  readonly errors: readonly ErrorCount[];
  /** Successful requests of profiling. */
  readonly requestCount: number;
  /** Failed requests of profiling. */
  readonly errorCount: number;
  /** Requests cancelled in flight; neither counted as completed nor as failed. */
  readonly cancelledCount: number;
  /** Requests sent whose record never arrived. */
  readonly lostCount: number;
  /** One entry a profiling phase. */
  readonly load?: readonly LoadReport[];
  /** Absent without `--slice-duration`. */
  readonly timeSlices?: readonly TimeSlice[];
  readonly violations?: readonly InvariantViolation[];
  /** Of the metrics that come from the user's own modules. */
  readonly foreignDefinitions?: readonly MetricDefinition[];
  /** Absent in results of versions that did not ask. */
  readonly hostTuning?: HostTuningReport;
  readonly wasCancelled: boolean;
  readonly isComplete: boolean;
  readonly incompleteReason?: string;
  /** Epoch nanoseconds as decimal strings. */
  readonly startEpochNs: string;
  readonly endEpochNs: string;
}
