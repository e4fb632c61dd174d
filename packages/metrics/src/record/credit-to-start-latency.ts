import type { RecordMetric } from '../metric.ts';

/** From the issue of the credit to the start of the request; an open loop issues early on purpose. */
export const creditToStartLatency: RecordMetric = {
  tag: 'credit_to_start_latency',
  header: 'Credit-to-Start Latency',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: [],
  consoleGroup: 'none',
  records: 'all',
  formula: 'request start - credit issue',
  compute: (record) => record.startNs - record.creditIssuedNs,
};
