import type { RecordMetric } from '../metric.ts';
import { firstStartNs, sendableNs } from '../parsed-record.ts';

/** What the client added between the moment the request could have been sent and its start. */
export const creditToStartLatency: RecordMetric = {
  tag: 'credit_to_start_latency',
  header: 'Credit-to-Start Latency',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['no_individual_records'],
  consoleGroup: 'none',
  records: 'all',
  formula: 'first request start - due time (open loop) or moment the credit and its slot were there (closed loop)',
  compute: (record) => firstStartNs(record) - sendableNs(record),
};
