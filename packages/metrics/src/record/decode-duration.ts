import type { RecordMetric } from '../metric.ts';

/** From the first to the last content event. */
export const decodeDuration: RecordMetric = {
  tag: 'decode_duration',
  header: 'Decode Duration',
  shortHeader: 'Decode',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only', 'percentile_includes_failed_requests'],
  consoleGroup: 'default',
  displayOrder: 350,
  requires: ['request_latency', 'time_to_first_token'],
  formula: 'request_latency - time_to_first_token',
  compute: (_record, values) => values.get('request_latency') - values.get('time_to_first_token'),
};
