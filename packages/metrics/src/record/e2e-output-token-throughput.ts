import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

/** Output rate of one request with its time to first token included. */
export const e2eOutputTokenThroughput: RecordMetric = {
  tag: 'e2e_output_token_throughput',
  header: 'E2E Output Token Throughput',
  unit: 'tokens/sec/user',
  kind: 'record',
  valueType: 'float',
  flags: ['produces_tokens_only', 'larger_is_better'],
  consoleGroup: 'default',
  displayOrder: 510,
  requires: ['output_sequence_length', 'request_latency'],
  formula: 'output_sequence_length / request_latency in seconds',
  compute: (_record, values) => ratio(values.get('output_sequence_length') * 1e9, values.get('request_latency')),
};
