import type { RecordMetric } from '../metric.ts';
import { contentReadCount } from '../parsed-record.ts';
import { ratio } from '../ratio.ts';

/** Events per read: above 1, gaps between events are bounds rather than measurements. */
export const coalescingRatio: RecordMetric = {
  tag: 'coalescing_ratio',
  header: 'Coalescing Ratio',
  unit: 'ratio',
  kind: 'record',
  valueType: 'float',
  flags: ['streaming_only'],
  consoleGroup: 'none',
  formula: 'content events / socket reads that brought content',
  compute: (record) => ratio(record.contentCount, contentReadCount(record)),
};
