import type { RecordMetric } from '../metric.ts';
import { firstStartNs } from '../parsed-record.ts';

/** How late the client itself was. A large one says that the load was not the one asked for. */
export const sendLag: RecordMetric = {
  tag: 'send_lag',
  header: 'Send Lag',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: [],
  consoleGroup: 'effective',
  records: 'all',
  appliesTo: (mode) => mode.openLoop,
  formula: 'first request start - due time',
  compute: (record) => firstStartNs(record) - record.dueNs,
};
