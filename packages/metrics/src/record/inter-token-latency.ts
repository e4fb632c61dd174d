import type { RecordMetric } from '../metric.ts';
import { coalescedEnds, lastContentNs, type ParsedRecord } from '../parsed-record.ts';

/** ITL: mean time a token after the first chunk's, by counted tokens, whatever the number of chunks they came in. */
export const interTokenLatency: RecordMetric = {
  tag: 'inter_token_latency',
  header: 'Inter Token Latency',
  shortHeader: 'ITL',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'record',
  valueType: 'float',
  flags: ['streaming_only', 'produces_tokens_only', 'percentile_includes_failed_requests'],
  consoleGroup: 'default',
  displayOrder: 400,
  requires: ['decode_duration', 'output_sequence_length'],
  formula:
    '(request_latency - time_to_first_token) / (output_sequence_length - tokens of the first chunk); these are 1 unless the server reports usage with every chunk and its counts are used',
  compute: (record, values) => {
    const decodeNs = values.get('decode_duration');
    // When all tokens came in one read nothing is known of the time between them, and 0 would be a claim.
    return decodeNs === 0 ? Number.NaN : decodeNs / laterTokens(record, values.get('output_sequence_length'));
  },
};

/** Tokens that came after the first chunk; NaN when there are none. */
function laterTokens({ firstContentTokens }: ParsedRecord, outputTokens: number): number {
  const tokens = outputTokens - firstContentTokens;
  return tokens > 0 ? tokens : Number.NaN;
}

/**
 * Bounds of ITL. Events that came in one read share its stamp: they arrived between the read before and this one, nothing more is known. A
 * first or last event among them moves the beginning or the end of decoding within that gap. Equal to ITL where neither was coalesced.
 */
export const interTokenLatencyBounds: readonly RecordMetric[] = [
  bound('lower', 'Lower Bound', (record) => {
    const { first, last } = coalescedEnds(record);
    const endNs = last > 1 ? record.beforeLastContentNs : lastContentNs(record);
    // All in one read: they may have come together. Else the first read's stamp bounds the first event from above.
    return first === record.contentCount ? 0 : endNs - (record.contentNs[0] ?? Number.NaN);
  }),
  bound('upper', 'Upper Bound', (record) => {
    const startNs = coalescedEnds(record).first > 1 ? record.beforeFirstContentNs : (record.contentNs[0] ?? Number.NaN);
    return lastContentNs(record) - startNs;
  }),
];

function bound(side: 'lower' | 'upper', headerEnd: string, decodeNs: (record: ParsedRecord) => number): RecordMetric {
  const moved =
    side === 'lower'
      ? 'the last event as early, and the first as late, as their reads allow'
      : 'the first event as early, and the last as late, as their reads allow';
  return {
    tag: `inter_token_latency_${side}_bound`,
    header: `Inter Token Latency ${headerEnd}`,
    unit: 'ns',
    displayUnit: 'ms',
    kind: 'record',
    valueType: 'float',
    flags: ['streaming_only', 'produces_tokens_only'],
    consoleGroup: 'none',
    requires: ['output_sequence_length'],
    formula: `inter_token_latency with ${moved}: an event that shares its read came after the read before`,
    compute: (record, values) =>
      Math.max(0, decodeNs(record)) / laterTokens(record, values.get('output_sequence_length')),
  };
}
