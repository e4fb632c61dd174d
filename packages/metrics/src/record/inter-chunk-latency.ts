import type { RecordListMetric } from '../metric.ts';

/** ICL: every gap between consecutive content events. Events of one socket read share its stamp, so their gaps are 0. */
export const interChunkLatency: RecordListMetric = {
  tag: 'inter_chunk_latency',
  header: 'Inter Chunk Latency',
  shortHeader: 'ICL',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record_list',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only'],
  consoleGroup: 'none',
  formula: 'gaps between consecutive content responses, pooled over all requests',
  compute: (record, append) => {
    for (let index = 1; index < record.contentCount; index++) {
      append((record.contentNs[index] ?? Number.NaN) - (record.contentNs[index - 1] ?? Number.NaN));
    }
  },
};
