import type { ErrorCount, MetricResult, RunResults } from '@aiperf/metrics';
import { pythonFloat } from './number-format.ts';
import { STATISTICS, byTag, isFinite } from './result-order.ts';
import { localIsoMicros } from './wall-time.ts';

/** Shape that AIPerf 0.13 gives its summary. */
const SCHEMA_VERSION = '1.4';

/** Metrics in front of the run's description, in this order. */
const LEADING_TAGS: readonly string[] = [
  'request_throughput',
  'request_latency',
  'request_count',
  'time_to_first_token',
  'time_to_second_token',
  'inter_token_latency',
  'output_token_throughput',
  'output_token_throughput_per_user',
  'output_sequence_length',
  'input_sequence_length',
  'goodput',
  'good_request_count',
  'output_token_count',
  'reasoning_token_count',
  'min_request_timestamp',
  'max_response_timestamp',
  'inter_chunk_latency',
  'total_output_tokens',
  'total_reasoning_tokens',
  'benchmark_duration',
  'total_isl',
  'total_osl',
  'error_request_count',
  'error_isl',
  'total_error_isl',
];

/** Metrics at the very end, in this order; what stands between the two lists is sorted by tag. */
const TRAILING_TAGS: readonly RegExp[] = [
  /^adj_/,
  /^effective_concurrency$/,
  /^effective_decode_throughput$/,
  /^effective_prefill_throughput$/,
  /^effective_decode_concurrency$/,
  /^effective_prefill_concurrency$/,
  /^effective_total_throughput$/,
  /^effective_decode_throughput_per_user$/,
  /^effective_prefill_throughput_per_user$/,
  /^tokens_in_flight$/,
  /^active_decode_throughput$/,
  /^active_prefill_throughput$/,
  /^active_decode_throughput_per_user$/,
  /^active_prefill_throughput_per_user$/,
  /^active_total_throughput$/,
  /^credit_to_start_latency$/,
  /^effective_latency$/,
  /^network_/,
  /^replay_/,
];

/** What the summary says about the run beside its metrics. */
export interface RunDescription {
  readonly aiperfVersion: string;
  readonly benchmarkId: string;
  /** As it was typed, secrets redacted. */
  readonly commandLine: string;
  readonly randomSeed?: number;
  /** The configuration as it is to be shown, secrets redacted. */
  readonly inputConfig: object;
}

/** Text of `profile_export_aiperf.json`. */
export function renderJsonSummary(description: RunDescription, results: RunResults): string {
  const { aiperfVersion, benchmarkId, commandLine, randomSeed, inputConfig } = description;
  const known = new Map(results.profiling.map((result) => [result.tag, result]));
  const leading = LEADING_TAGS.flatMap((tag) => known.get(tag) ?? []);
  const startTime = localIsoMicros(results.startEpochNs);
  const endTime = localIsoMicros(results.endEpochNs);
  const summary = {
    schema_version: SCHEMA_VERSION,
    aiperf_version: aiperfVersion,
    benchmark_id: benchmarkId,
    ...metricObjects(leading),
    // Empty without GPU sources, yet always there: readers of AIPerf's file look into it unasked.
    telemetry_data: {
      summary: { endpoints_configured: [], endpoints_successful: [], start_time: startTime, end_time: endTime },
      endpoints: {},
      error_summary: [],
    },
    input_config: withFloats(inputConfig),
    run_info: { benchmark_id: benchmarkId, random_seed: randomSeed, trial: 0, cli_command: commandLine },
    was_cancelled: results.wasCancelled,
    is_complete: results.isComplete,
    incomplete_reason: results.incompleteReason,
    error_summary: results.errors.map(errorObject),
    start_time: startTime,
    end_time: endTime,
    warmup_metrics: results.warmup === undefined ? undefined : metricObjects(otherOrder(results.warmup)),
    ...metricObjects(otherOrder(results.profiling.filter(({ tag }) => !LEADING_TAGS.includes(tag)))),
  };
  return JSON.stringify(summary, null, 2);
}

/** Fields of the configuration that are floats in AIPerf's, whatever their value. */
const FLOAT_FIELDS: ReadonlySet<string> = new Set([
  'mean',
  'stddev',
  'rate',
  'delay',
  'duration',
  'slice_duration',
  'grace_period',
  'timeout',
]);
/** Named by metrics, and floats all of them. */
const FLOAT_GROUPS: ReadonlySet<string> = new Set(['slos']);
/** The author's own fields stay as they were written. */
const FOREIGN_GROUPS: ReadonlySet<string> = new Set(['extra', 'headers']);

function withFloats(value: unknown, areAllFloats = false): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((part) => withFloats(part));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]: [string, unknown]) => {
      if (typeof part !== 'number')
        return [key, FOREIGN_GROUPS.has(key) ? part : withFloats(part, FLOAT_GROUPS.has(key))];
      return [key, areAllFloats || FLOAT_FIELDS.has(key) ? rawJson(pythonFloat(part)) : part];
    }),
  );
}

function otherOrder(results: readonly MetricResult[]): MetricResult[] {
  const rank = ({ tag }: MetricResult): number => TRAILING_TAGS.findIndex((pattern) => pattern.test(tag));
  return byTag(results).toSorted((a, b) => rank(a) - rank(b));
}

function metricObjects(results: readonly MetricResult[]): Record<string, object> {
  return Object.fromEntries(results.map((result) => [result.tag, metricObject(result)]));
}

/** Present statistics only; counts are integers, all else floats as Python writes them. */
function metricObject(result: MetricResult): Record<string, unknown> {
  const entries: [string, unknown][] = [['unit', result.unit]];
  for (const statistic of STATISTICS) {
    const value = result[statistic];
    if (isFinite(value)) entries.push([statistic, statistic === 'count' ? value : rawJson(pythonFloat(value))]);
  }
  return Object.fromEntries(entries);
}

function errorObject({ code, type, message, kind, count }: ErrorCount): object {
  return { error_details: { code: code ?? undefined, type, message, kind }, count };
}

/** TypeScript's library does not know this part of the language yet; every supported Node has it. */
function rawJson(text: string): object {
  return (JSON as unknown as { rawJSON(text: string): object }).rawJSON(text);
}
