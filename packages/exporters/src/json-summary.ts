import type { ErrorCount, RunResults } from '@aiperf/metrics';
import { metricObjects, otherOrder, withFloats } from './json-metrics.ts';
import { qualityObject } from './json-quality.ts';
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
    // All that AIPerf does not say is under one key of its own.
    quality: qualityObject(results),
  };
  return JSON.stringify(summary, null, 2);
}

function errorObject({ code, type, message, kind, count }: ErrorCount): object {
  return { error_details: { code: code ?? undefined, type, message, kind }, count };
}
