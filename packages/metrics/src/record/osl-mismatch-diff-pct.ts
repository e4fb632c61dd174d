import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

/** How far the output was from the length asked for; negative when shorter. */
export const oslMismatchDiffPct: RecordMetric = {
  tag: 'osl_mismatch_diff_pct',
  header: 'OSL Mismatch Diff %',
  unit: '%',
  kind: 'record',
  valueType: 'float',
  flags: ['produces_tokens_only', 'disable_on_accuracy'],
  consoleGroup: 'none',
  requires: ['output_sequence_length', 'requested_osl'],
  formula: '(output_sequence_length - requested_osl) / requested_osl * 100, signed',
  compute: (_record, values) =>
    ratio(values.get('output_sequence_length') - values.get('requested_osl'), values.get('requested_osl')) * 100,
};
