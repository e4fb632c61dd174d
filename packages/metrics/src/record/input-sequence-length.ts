import type { RecordMetric } from '../metric.ts';

/** ISL. */
export const inputSequenceLength: RecordMetric = {
  tag: 'input_sequence_length',
  header: 'Input Sequence Length',
  shortHeader: 'ISL',
  unit: 'tokens',
  kind: 'record',
  valueType: 'int',
  flags: ['larger_is_better', 'tokenizes_input_only'],
  consoleGroup: 'default',
  displayOrder: 700,
  formula: 'prompt tokens counted by the client, or reported by the server with server token counts',
  compute: (record) => record.inputTokens,
};
