import type { RecordMetric } from '../metric.ts';

/** TTFO: the first content that is not reasoning; equal to TTFT without reasoning. */
export const timeToFirstOutputToken: RecordMetric = {
  tag: 'time_to_first_output_token',
  header: 'Time to First Output Token',
  shortHeader: 'TTFO',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only', 'supports_reasoning'],
  consoleGroup: 'default',
  displayOrder: 210,
  formula: 'first content response that is not reasoning - request start',
  compute: (record) => record.firstOutputNs - record.startNs,
};
