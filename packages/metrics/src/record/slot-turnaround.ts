import type { RecordMetric } from '../metric.ts';

/** Overhead that the client adds between two requests of one slot in a closed loop. */
export const slotTurnaround: RecordMetric = {
  tag: 'slot_turnaround',
  header: 'Slot Turnaround',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: [],
  consoleGroup: 'effective',
  records: 'all',
  appliesTo: (mode) => !mode.openLoop,
  formula: 'request start - end of the previous request on the same slot',
  compute: (record) => record.turnaroundNs,
};
