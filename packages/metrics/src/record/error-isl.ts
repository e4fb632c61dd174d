import type { RecordMetric } from '../metric.ts';

/** ISL of failed requests. */
export const errorIsl: RecordMetric = {
  tag: 'error_isl',
  header: 'Error Input Sequence Length',
  unit: 'tokens',
  kind: 'record',
  valueType: 'int',
  flags: ['error_only', 'larger_is_better', 'tokenizes_input_only'],
  consoleGroup: 'none',
  displayOrder: 700,
  formula: 'input_sequence_length of failed records',
  compute: (record) => record.inputTokens,
};
