import type { DerivedMetric, RecordMetric } from '../metric.ts';
import type { ParsedRecord } from '../parsed-record.ts';
import { ratio } from '../ratio.ts';

/** A pause longer than this is a stall: below 5 chunks a second a text comes slower than it is read. */
const STALL_MS = 200;
const NS_PER_MS = 1e6;

function gapNs({ contentNs }: ParsedRecord, index: number): number {
  return (contentNs[index] ?? Number.NaN) - (contentNs[index - 1] ?? Number.NaN);
}

/** The longest pause that a reader of this answer saw. A mean hides it. */
export const maxInterChunkLatency: RecordMetric = {
  tag: 'max_inter_chunk_latency',
  header: 'Max Inter Chunk Latency',
  shortHeader: 'Max ICL',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only'],
  consoleGroup: 'effective',
  formula: 'largest gap between consecutive content responses',
  compute: (record) => {
    let largestNs = Number.NaN;
    for (let index = 1; index < record.contentCount; index++) {
      const ns = gapNs(record, index);
      if (!(ns <= largestNs)) largestNs = ns;
    }
    return largestNs;
  },
};

/** Pauses in which a reader waited. */
export const stallCount: RecordMetric = {
  tag: 'stall_count',
  header: 'Stall Count',
  shortHeader: 'Stalls',
  unit: 'count',
  kind: 'record',
  valueType: 'int',
  flags: ['streaming_only', 'produces_tokens_only'],
  consoleGroup: 'none',
  formula: `gaps between consecutive content responses that are longer than ${STALL_MS} ms`,
  compute: (record) => {
    let stalls = 0;
    for (let index = 1; index < record.contentCount; index++) {
      if (gapNs(record, index) > STALL_MS * NS_PER_MS) stalls++;
    }
    return record.contentCount === 0 ? Number.NaN : stalls;
  },
};

/** Stalls by the length of what was generated, so that runs of different lengths compare. */
export const stallsPer1000Tokens: DerivedMetric = {
  tag: 'stalls_per_1000_tokens',
  header: 'Stalls per 1,000 Tokens',
  shortHeader: 'Stalls/1k',
  unit: 'stalls/1000 tokens',
  kind: 'derived',
  flags: ['streaming_only', 'produces_tokens_only'],
  consoleGroup: 'effective',
  requires: ['stall_count', 'total_osl'],
  formula: 'sum of stall_count / total_osl * 1000',
  compute: (run) => ratio(run.sum('stall_count') * 1000, run.scalar('total_osl')),
};
