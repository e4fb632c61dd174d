import type { AggregateMetric } from '../metric.ts';

const LIMIT_PERCENT = 10;
const COMPARISONS = [
  'usage_prompt_tokens_diff_pct',
  'usage_completion_tokens_diff_pct',
  'usage_reasoning_tokens_diff_pct',
] as const;

/** Requests for which the server counts tokens differently from the client. */
export const usageDiscrepancyCount: AggregateMetric = {
  tag: 'usage_discrepancy_count',
  header: 'Usage Discrepancy Count',
  unit: 'requests',
  kind: 'aggregate',
  flags: ['no_individual_records', 'usage_diff_only'],
  consoleGroup: 'none',
  formula: `records where any of the usage differences exceeds ${LIMIT_PERCENT} %`,
  requires: [],
  optional: COMPARISONS,
  combine: 'sum',
  contribution: (values) => {
    let compared = false;
    for (const tag of COMPARISONS) {
      const percent = values.get(tag);
      if (percent > LIMIT_PERCENT) return 1;
      if (!Number.isNaN(percent)) compared = true;
    }
    return compared ? 0 : Number.NaN;
  },
};
