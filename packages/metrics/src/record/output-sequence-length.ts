import type { RecordMetric } from '../metric.ts';

/** OSL: all that the model generated, reasoning included. */
export const outputSequenceLength: RecordMetric = {
  tag: 'output_sequence_length',
  header: 'Output Sequence Length',
  shortHeader: 'OSL',
  unit: 'tokens',
  kind: 'record',
  valueType: 'int',
  flags: ['produces_tokens_only', 'larger_is_better'],
  consoleGroup: 'default',
  displayOrder: 600,
  formula: 'output tokens + reasoning tokens',
  compute: (record) => record.outputTokens + (Number.isNaN(record.reasoningTokens) ? 0 : record.reasoningTokens),
};
