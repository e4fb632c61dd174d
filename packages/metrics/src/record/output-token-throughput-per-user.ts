import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

/** Rate at which one user sees tokens after the first. Absent when all of them came at once. */
export const outputTokenThroughputPerUser: RecordMetric = {
  tag: 'output_token_throughput_per_user',
  header: 'Output Token Throughput Per User',
  unit: 'tokens/sec/user',
  kind: 'record',
  valueType: 'float',
  flags: ['streaming_only', 'produces_tokens_only', 'larger_is_better'],
  consoleGroup: 'default',
  displayOrder: 500,
  requires: ['inter_token_latency'],
  formula: '1 / inter_token_latency in seconds',
  compute: (_record, values) => ratio(1e9, values.get('inter_token_latency')),
};
