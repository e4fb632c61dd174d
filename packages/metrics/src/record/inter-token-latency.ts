import type { RecordMetric } from '../metric.ts';

/** ITL: mean time a token after the first, by counted tokens, whatever the number of chunks they came in. */
export const interTokenLatency: RecordMetric = {
  tag: 'inter_token_latency',
  header: 'Inter Token Latency',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'float',
  flags: ['streaming_only', 'produces_tokens_only', 'percentile_includes_failed_requests'],
  consoleGroup: 'default',
  displayOrder: 400,
  requires: ['decode_duration', 'output_sequence_length'],
  formula: '(request_latency - time_to_first_token) / (output_sequence_length - 1)',
  compute: (_record, values) =>
    interTokenLatencyNs(values.get('decode_duration'), values.get('output_sequence_length')),
};

/** Absent when all tokens came in one read: nothing is known of the time between them then, and 0 would be a claim. */
function interTokenLatencyNs(decodeNs: number, outputTokens: number): number {
  return outputTokens < 2 || decodeNs === 0 ? Number.NaN : decodeNs / (outputTokens - 1);
}
