import type { RecordMetric } from '../metric.ts';
import { firstStartNs } from '../parsed-record.ts';

/** How far from its recorded time a request was sent. */
export const replaySendScheduleOffset: RecordMetric = {
  tag: 'replay_send_schedule_offset',
  header: 'Replay Send Schedule Offset',
  unit: 'ns',
  kind: 'record',
  valueType: 'int',
  flags: ['internal', 'fixed_schedule_only'],
  consoleGroup: 'none',
  formula: 'first request start - scheduled time',
  compute: (record) => firstStartNs(record) - record.dueNs,
};
