import type { RecordMetric } from '../metric.ts';

/** Until the server accepted the stream. */
export const streamSetupLatency: RecordMetric = {
  tag: 'stream_setup_latency',
  header: 'Stream Setup Latency',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'experimental'],
  consoleGroup: 'default',
  formula: 'headers of the 200 answer complete - request start',
  compute: (record) => record.headersNs - record.startNs,
};

/** From the accepted stream to the first token. */
export const streamPrefillLatency: RecordMetric = {
  tag: 'stream_prefill_latency',
  header: 'Stream Prefill Latency',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only', 'experimental'],
  consoleGroup: 'default',
  requires: ['stream_setup_latency', 'time_to_first_token'],
  formula: 'time_to_first_token - stream_setup_latency',
  compute: (_record, values) => values.get('time_to_first_token') - values.get('stream_setup_latency'),
};
