import type { ConsoleGroup, MetricFlag, MetricUnit } from '../metric-definition.ts';
import type { DerivedMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

interface Total {
  readonly tag: string;
  readonly header: string;
  /** The record metric that is summed. */
  readonly of: string;
  readonly flags: readonly MetricFlag[];
  readonly unit?: MetricUnit;
  readonly consoleGroup?: ConsoleGroup;
  readonly displayOrder?: number;
}

/** The sum of a record metric over a phase. */
export function total({
  tag,
  header,
  of,
  flags,
  unit = 'tokens',
  consoleGroup = 'none',
  displayOrder,
}: Total): DerivedMetric {
  return {
    tag,
    header,
    unit,
    kind: 'derived',
    flags,
    consoleGroup,
    ...(displayOrder === undefined ? {} : { displayOrder }),
    formula: `sum of ${of}`,
    requires: [of],
    compute: (run) => run.sum(of),
  };
}

/** Total of a usage field; its tag, header and order follow from the field's. */
function usageTotal(
  name: string,
  headerEnd: string,
  displayOrder: number,
  flags: readonly MetricFlag[],
): DerivedMetric {
  return total({
    tag: `total_usage_${name}`,
    header: `Total Usage ${headerEnd}`,
    of: `usage_${name}`,
    flags,
    unit: name.endsWith('seconds') ? 'sec' : 'tokens',
    consoleGroup: 'usage',
    displayOrder,
  });
}

/** Sums of token counts over a phase. */
export const totals: readonly DerivedMetric[] = [
  total({
    tag: 'total_isl',
    header: 'Total Input Sequence Length',
    of: 'input_sequence_length',
    flags: ['larger_is_better', 'tokenizes_input_only'],
  }),
  total({
    tag: 'total_error_isl',
    header: 'Total Error Input Sequence Length',
    of: 'error_isl',
    flags: ['error_only', 'larger_is_better', 'tokenizes_input_only'],
  }),
  total({
    tag: 'total_osl',
    header: 'Total Output Sequence Length',
    of: 'output_sequence_length',
    flags: ['produces_tokens_only', 'larger_is_better'],
  }),
  total({
    tag: 'total_output_tokens',
    header: 'Total Output Tokens',
    of: 'output_token_count',
    flags: ['produces_tokens_only', 'larger_is_better'],
  }),
  total({
    tag: 'total_reasoning_tokens',
    header: 'Total Reasoning Tokens',
    of: 'reasoning_token_count',
    flags: ['produces_tokens_only', 'larger_is_better'],
  }),
  usageTotal('prompt_tokens', 'Prompt Tokens', 2000, ['larger_is_better', 'tokenizes_input_only']),
  usageTotal('prompt_cache_read_tokens', 'Prompt Cache Read Tokens', 2010, ['larger_is_better']),
  usageTotal('prompt_cache_write_tokens', 'Prompt Cache Write Tokens', 2015, []),
  usageTotal('prompt_cache_miss_tokens', 'Prompt Cache Miss Tokens', 2017, []),
  usageTotal('prompt_audio_tokens', 'Prompt Audio Tokens', 2020, ['larger_is_better', 'supports_audio_only']),
  usageTotal('tool_use_prompt_tokens', 'Tool Use Prompt Tokens', 2030, []),
  usageTotal('prompt_audio_seconds', 'Prompt Audio Seconds', 2040, ['larger_is_better', 'supports_audio_only']),
  usageTotal('completion_tokens', 'Completion Tokens', 2100, ['produces_tokens_only', 'larger_is_better']),
  usageTotal('reasoning_tokens', 'Reasoning Tokens', 2110, ['produces_tokens_only', 'larger_is_better']),
  usageTotal('completion_audio_tokens', 'Completion Audio Tokens', 2120, [
    'produces_tokens_only',
    'larger_is_better',
    'supports_audio_only',
  ]),
  usageTotal('accepted_prediction_tokens', 'Accepted Prediction Tokens', 2130, [
    'produces_tokens_only',
    'larger_is_better',
  ]),
  usageTotal('rejected_prediction_tokens', 'Rejected Prediction Tokens', 2140, ['produces_tokens_only']),
  usageTotal('total_tokens', 'Total Tokens', 2200, ['produces_tokens_only', 'larger_is_better']),
];

/** Share of the prompt tokens that the server took from its prefix cache. */
export const overallUsagePromptCacheReadPct: DerivedMetric = {
  tag: 'overall_usage_prompt_cache_read_pct',
  header: 'Overall Usage Prompt Cache Read %',
  unit: '%',
  kind: 'derived',
  flags: ['larger_is_better'],
  consoleGroup: 'usage',
  displayOrder: 2012,
  formula: 'total_usage_prompt_cache_read_tokens / total_usage_prompt_tokens * 100',
  requires: ['total_usage_prompt_cache_read_tokens', 'total_usage_prompt_tokens'],
  compute: (run) =>
    ratio(run.scalar('total_usage_prompt_cache_read_tokens'), run.scalar('total_usage_prompt_tokens')) * 100,
};
