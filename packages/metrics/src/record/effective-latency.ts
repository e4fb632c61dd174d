import type { RecordMetric } from '../metric.ts';
import { sendableNs } from '../parsed-record.ts';

/** Latency as a user who arrived on schedule would have felt it, free of coordinated omission. */
export const effectiveLatency: RecordMetric = {
  tag: 'effective_latency',
  header: 'Effective Latency (CO-aware)',
  shortHeader: 'Effective',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['no_individual_records'],
  consoleGroup: 'effective',
  // Behind the curves, which have no place of their own.
  displayOrder: 1_000_001,
  records: 'all',
  formula: 'request end - due time (open loop) or moment the slot was free (closed loop), failed requests included',
  compute: (record) => record.endNs - sendableNs(record),
};
