import type { RecordMetric } from '../metric.ts';

/** Tokens of the reasoning text; absent without reasoning. */
export const reasoningTokenCount: RecordMetric = {
  tag: 'reasoning_token_count',
  header: 'Reasoning Token Count',
  unit: 'tokens',
  kind: 'record',
  valueType: 'int',
  flags: ['produces_tokens_only', 'larger_is_better', 'supports_reasoning'],
  consoleGroup: 'none',
  formula: 'tokens of the reasoning text',
  compute: (record) => record.reasoningTokens,
};
