import type { RecordMetric } from '../metric.ts';
import { firstStartNs } from '../parsed-record.ts';

/** What a worker itself takes for a request. Credits lie ready in the worker, so it counts from when this one was taken up. */
export const creditDropLatency: RecordMetric = {
  tag: 'credit_drop_latency',
  header: 'Credit Drop Latency',
  shortHeader: 'Credit Latency',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['internal'],
  consoleGroup: 'none',
  formula: 'first request start - moment the worker took the credit up and handed the request to the transport',
  compute: (record) => firstStartNs(record) - record.queuedNs,
};
