import type { RecordMetric } from '../metric.ts';
import { lastContentNs } from '../parsed-record.ts';

/** How long a user waited for the whole answer. The end is the last content event, not `[DONE]` and not the end of the response. */
export const requestLatency: RecordMetric = {
  tag: 'request_latency',
  header: 'Request Latency',
  shortHeader: 'Latency',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['percentile_includes_failed_requests'],
  consoleGroup: 'default',
  displayOrder: 300,
  formula: 'last content response - request start',
  compute: (record) => lastContentNs(record) - record.startNs,
};
