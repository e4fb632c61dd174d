import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

/** Input tokens per second of waiting for the first token. */
export const prefillThroughputPerUser: RecordMetric = {
  tag: 'prefill_throughput_per_user',
  header: 'Prefill Throughput Per User',
  unit: 'tokens/sec/user',
  kind: 'record',
  valueType: 'float',
  flags: ['streaming_only', 'produces_tokens_only', 'larger_is_better', 'tokenizes_input_only'],
  consoleGroup: 'none',
  requires: ['input_sequence_length', 'time_to_first_token'],
  formula: 'input_sequence_length / time_to_first_token in seconds',
  compute: (_record, values) => ratio(values.get('input_sequence_length') * 1e9, values.get('time_to_first_token')),
};
