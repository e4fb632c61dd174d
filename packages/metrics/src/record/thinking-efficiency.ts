import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

/** Reasoning tokens for each token of the answer. */
export const thinkingEfficiency: RecordMetric = {
  tag: 'thinking_efficiency',
  header: 'Thinking Efficiency',
  unit: 'ratio',
  kind: 'record',
  valueType: 'float',
  flags: ['produces_tokens_only', 'supports_reasoning', 'experimental'],
  consoleGroup: 'default',
  requires: ['reasoning_token_count', 'output_token_count'],
  formula: 'reasoning_token_count / output_token_count',
  compute: (_record, values) => ratio(values.get('reasoning_token_count'), values.get('output_token_count')),
};
