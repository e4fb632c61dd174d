import type { RecordMetric } from '../metric.ts';

/** TTFT. Reasoning counts as content; an event with a role and nothing else does not. */
export const timeToFirstToken: RecordMetric = {
  tag: 'time_to_first_token',
  header: 'Time to First Token',
  shortHeader: 'TTFT',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only', 'percentile_includes_failed_requests'],
  consoleGroup: 'default',
  displayOrder: 100,
  formula: 'first content response - request start',
  compute: (record) => (record.contentNs[0] ?? Number.NaN) - record.startNs,
};
