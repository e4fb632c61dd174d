import type { RecordMetric } from '../metric.ts';

/** Output length that the request asked for. */
export const requestedOsl: RecordMetric = {
  tag: 'requested_osl',
  header: 'Requested OSL',
  unit: 'tokens',
  kind: 'record',
  valueType: 'int',
  flags: ['produces_tokens_only', 'internal'],
  consoleGroup: 'none',
  formula: 'output length that the request asked for',
  compute: (record) => record.maxOutputTokens,
};
