import type { TokenUsage } from '@aiperf/endpoints';
import type { MetricFlag, MetricUnit } from '../metric-definition.ts';
import type { RecordMetric } from '../metric.ts';

interface UsageField {
  readonly tag: string;
  readonly header: string;
  readonly field: keyof TokenUsage;
  readonly flags: readonly MetricFlag[];
  readonly displayOrder: number;
  readonly unit?: MetricUnit;
}

function usageMetric({ tag, header, field, flags, displayOrder, unit = 'tokens' }: UsageField): RecordMetric {
  return {
    tag,
    header,
    unit,
    kind: 'record',
    valueType: unit === 'tokens' ? 'int' : 'float',
    flags,
    consoleGroup: 'usage',
    displayOrder,
    formula: `${header.replace(/^Usage /, '').toLowerCase()} as reported by the server`,
    compute: (record) => record.usage[field] ?? Number.NaN,
  };
}

/** What the server said about token counts, one metric a field; absent where it said nothing. */
export const usageFields: readonly RecordMetric[] = [
  usageMetric({
    tag: 'usage_prompt_tokens',
    header: 'Usage Prompt Tokens',
    field: 'promptTokens',
    flags: ['larger_is_better', 'tokenizes_input_only'],
    displayOrder: 1000,
  }),
  usageMetric({
    tag: 'usage_prompt_cache_read_tokens',
    header: 'Usage Prompt Cache Read Tokens',
    field: 'promptCacheReadTokens',
    flags: ['larger_is_better'],
    displayOrder: 1010,
  }),
  usageMetric({
    tag: 'usage_prompt_cache_write_tokens',
    header: 'Usage Prompt Cache Write Tokens',
    field: 'promptCacheWriteTokens',
    flags: [],
    displayOrder: 1015,
  }),
  usageMetric({
    tag: 'usage_prompt_cache_miss_tokens',
    header: 'Usage Prompt Cache Miss Tokens',
    field: 'promptCacheMissTokens',
    flags: [],
    displayOrder: 1017,
  }),
  usageMetric({
    tag: 'usage_prompt_audio_tokens',
    header: 'Usage Prompt Audio Tokens',
    field: 'promptAudioTokens',
    flags: ['larger_is_better', 'supports_audio_only'],
    displayOrder: 1020,
  }),
  usageMetric({
    tag: 'usage_tool_use_prompt_tokens',
    header: 'Usage Tool Use Prompt Tokens',
    field: 'toolUsePromptTokens',
    flags: [],
    displayOrder: 1030,
  }),
  usageMetric({
    tag: 'usage_prompt_audio_seconds',
    header: 'Usage Prompt Audio Seconds',
    field: 'promptAudioSec',
    flags: ['larger_is_better', 'supports_audio_only'],
    displayOrder: 1040,
    unit: 'sec',
  }),
  usageMetric({
    tag: 'usage_completion_tokens',
    header: 'Usage Completion Tokens',
    field: 'completionTokens',
    flags: ['produces_tokens_only', 'larger_is_better'],
    displayOrder: 1100,
  }),
  usageMetric({
    tag: 'usage_reasoning_tokens',
    header: 'Usage Reasoning Tokens',
    field: 'reasoningTokens',
    flags: ['produces_tokens_only', 'larger_is_better'],
    displayOrder: 1110,
  }),
  usageMetric({
    tag: 'usage_completion_audio_tokens',
    header: 'Usage Completion Audio Tokens',
    field: 'completionAudioTokens',
    flags: ['produces_tokens_only', 'larger_is_better', 'supports_audio_only'],
    displayOrder: 1120,
  }),
  usageMetric({
    tag: 'usage_accepted_prediction_tokens',
    header: 'Usage Accepted Prediction Tokens',
    field: 'acceptedPredictionTokens',
    flags: ['produces_tokens_only', 'larger_is_better'],
    displayOrder: 1130,
  }),
  usageMetric({
    tag: 'usage_rejected_prediction_tokens',
    header: 'Usage Rejected Prediction Tokens',
    field: 'rejectedPredictionTokens',
    flags: ['produces_tokens_only'],
    displayOrder: 1140,
  }),
  usageMetric({
    tag: 'usage_total_tokens',
    header: 'Usage Total Tokens',
    field: 'totalTokens',
    flags: ['produces_tokens_only', 'larger_is_better'],
    displayOrder: 1200,
  }),
];
