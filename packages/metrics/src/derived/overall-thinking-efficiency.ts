import type { DerivedMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

/** Reasoning tokens for each token of the answers, over the phase. */
export const overallThinkingEfficiency: DerivedMetric = {
  tag: 'overall_thinking_efficiency',
  header: 'Overall Thinking Efficiency',
  unit: 'ratio',
  kind: 'derived',
  flags: ['produces_tokens_only', 'supports_reasoning', 'experimental'],
  consoleGroup: 'default',
  requires: ['total_reasoning_tokens', 'total_output_tokens'],
  formula: 'total_reasoning_tokens / total_output_tokens',
  compute: (run) => ratio(run.scalar('total_reasoning_tokens'), run.scalar('total_output_tokens')),
};
