import type { RecordMetric } from '../metric.ts';

/** TTST: the gap after the first content event. */
export const timeToSecondToken: RecordMetric = {
  tag: 'time_to_second_token',
  header: 'Time to Second Token',
  shortHeader: 'TTST',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only'],
  consoleGroup: 'default',
  displayOrder: 200,
  formula: 'second content response - first content response',
  compute: (record) =>
    record.contentCount < 2 ? Number.NaN : (record.contentNs[1] ?? Number.NaN) - (record.contentNs[0] ?? Number.NaN),
};
