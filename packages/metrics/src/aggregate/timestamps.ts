import type { AggregateMetric } from '../metric.ts';

/** Start of the first valid request, in run nanoseconds. */
export const minRequestTimestamp: AggregateMetric = {
  tag: 'min_request_timestamp',
  header: 'Minimum Request Timestamp',
  unit: 'ns',
  kind: 'aggregate',
  flags: ['internal', 'no_individual_records'],
  consoleGroup: 'none',
  formula: 'earliest request start',
  requires: ['request_start_offset_ns'],
  combine: 'min',
  contribution: (values) => values.get('request_start_offset_ns'),
};

/** End of the last valid answer, in run nanoseconds. */
export const maxResponseTimestamp: AggregateMetric = {
  tag: 'max_response_timestamp',
  header: 'Maximum Response Timestamp',
  unit: 'ns',
  kind: 'aggregate',
  flags: ['internal', 'no_individual_records'],
  consoleGroup: 'none',
  formula: 'latest request start + request_latency',
  requires: ['request_start_offset_ns', 'request_latency'],
  combine: 'max',
  contribution: (values) => values.get('request_start_offset_ns') + values.get('request_latency'),
};
