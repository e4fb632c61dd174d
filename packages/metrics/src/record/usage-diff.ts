import type { MetricFlag } from '../metric-definition.ts';
import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

interface Comparison {
  readonly tag: string;
  readonly header: string;
  /** Tags of the server's and of the client's count. */
  readonly server: string;
  readonly client: string;
  readonly flags: readonly MetricFlag[];
}

function usageDiff({ tag, header, server, client, flags }: Comparison): RecordMetric {
  return {
    tag,
    header,
    unit: '%',
    kind: 'record',
    valueType: 'float',
    flags,
    consoleGroup: 'none',
    requires: [server, client],
    formula: `|${server} - ${client}| / ${client} * 100`,
    compute: (_record, values) => ratio(Math.abs(values.get(server) - values.get(client)), values.get(client)) * 100,
  };
}

/** How far the server's token counts are from the client's. */
export const usageDiffs: readonly RecordMetric[] = [
  usageDiff({
    tag: 'usage_prompt_tokens_diff_pct',
    header: 'Usage Prompt Diff %',
    server: 'usage_prompt_tokens',
    client: 'input_sequence_length',
    flags: ['tokenizes_input_only', 'usage_diff_only'],
  }),
  usageDiff({
    tag: 'usage_completion_tokens_diff_pct',
    header: 'Usage Completion Diff %',
    server: 'usage_completion_tokens',
    client: 'output_sequence_length',
    flags: ['produces_tokens_only', 'usage_diff_only'],
  }),
  usageDiff({
    tag: 'usage_reasoning_tokens_diff_pct',
    header: 'Usage Reasoning Diff %',
    server: 'usage_reasoning_tokens',
    client: 'reasoning_token_count',
    flags: ['produces_tokens_only', 'supports_reasoning', 'usage_diff_only'],
  }),
];
