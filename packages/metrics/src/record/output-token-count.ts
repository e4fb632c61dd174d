import type { RecordMetric } from '../metric.ts';

/** Output tokens that are not reasoning. */
export const outputTokenCount: RecordMetric = {
  tag: 'output_token_count',
  header: 'Output Token Count',
  unit: 'tokens',
  kind: 'record',
  valueType: 'int',
  flags: ['produces_tokens_only', 'larger_is_better'],
  consoleGroup: 'none',
  formula: 'output tokens without reasoning',
  compute: (record) => record.outputTokens,
};
