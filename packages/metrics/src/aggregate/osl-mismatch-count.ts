import type { AggregateMetric } from '../metric.ts';

const TOLERANCE_RATIO = 0.05;
const TOLERANCE_TOKENS = 50;

/** Requests whose output was not about as long as they asked for. */
export const oslMismatchCount: AggregateMetric = {
  tag: 'osl_mismatch_count',
  header: 'OSL Mismatch Count',
  unit: 'requests',
  kind: 'aggregate',
  flags: ['produces_tokens_only', 'no_individual_records', 'disable_on_accuracy'],
  consoleGroup: 'none',
  formula: 'records with |output_sequence_length - requested_osl| > min(5 % of requested_osl, 50 tokens)',
  requires: ['output_sequence_length', 'requested_osl'],
  combine: 'sum',
  contribution: (values) => {
    const requested = values.get('requested_osl');
    const distance = Math.abs(values.get('output_sequence_length') - requested);
    if (Number.isNaN(distance)) return Number.NaN;
    return distance > Math.min(requested * TOLERANCE_RATIO, TOLERANCE_TOKENS) ? 1 : 0;
  },
};
