import type { MetricResult } from '@aiperf/metrics';
import { pythonFloat } from './number-format.ts';
import { STATISTICS, byTag, isFinite } from './result-order.ts';

/** Metrics at the very end, in this order; what stands between the two lists is sorted by tag. */
const TRAILING_TAGS: readonly RegExp[] = [
  /^adj_/,
  /^effective_concurrency$/,
  /^effective_decode_throughput$/,
  /^effective_prefill_throughput$/,
  /^effective_decode_concurrency$/,
  /^effective_prefill_concurrency$/,
  /^effective_total_throughput$/,
  /^effective_decode_throughput_per_user$/,
  /^effective_prefill_throughput_per_user$/,
  /^tokens_in_flight$/,
  /^active_decode_throughput$/,
  /^active_prefill_throughput$/,
  /^active_decode_throughput_per_user$/,
  /^active_prefill_throughput_per_user$/,
  /^active_total_throughput$/,
  /^credit_to_start_latency$/,
  /^effective_latency$/,
  /^network_/,
  /^replay_/,
];

/** Metrics in the order in which AIPerf puts those that have no fixed place: sorted by tag, its own last ones at the end. */
export function otherOrder(results: readonly MetricResult[]): MetricResult[] {
  const rank = ({ tag }: MetricResult): number => TRAILING_TAGS.findIndex((pattern) => pattern.test(tag));
  return byTag(results).toSorted((a, b) => rank(a) - rank(b));
}

/** The metrics of one object, by tag. */
export function metricObjects(results: readonly MetricResult[]): Record<string, object> {
  return Object.fromEntries(results.map((result) => [result.tag, metricObject(result)]));
}

/** Present statistics only; counts are integers, all else floats as Python writes them. */
function metricObject(result: MetricResult): Record<string, unknown> {
  const entries: [string, unknown][] = [['unit', result.unit]];
  for (const statistic of STATISTICS) {
    const value = result[statistic];
    if (isFinite(value)) entries.push([statistic, statistic === 'count' ? value : floatJson(value)]);
  }
  return Object.fromEntries(entries);
}

/** Fields of the configuration that are floats in AIPerf's, whatever their value. */
const FLOAT_FIELDS: ReadonlySet<string> = new Set([
  'mean',
  'stddev',
  'rate',
  'delay',
  'duration',
  'slice_duration',
  'grace_period',
  'timeout',
]);
/** Named by metrics, and floats all of them. */
const FLOAT_GROUPS: ReadonlySet<string> = new Set(['slos']);
/** The author's own fields stay as they were written. */
const FOREIGN_GROUPS: ReadonlySet<string> = new Set(['extra', 'headers']);

/** A described configuration with its numbers as AIPerf writes them. */
export function withFloats(value: unknown, areAllFloats = false): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((part) => withFloats(part));
  return Object.fromEntries(
    Object.entries(value).map(([key, part]: [string, unknown]) => {
      if (typeof part !== 'number')
        return [key, FOREIGN_GROUPS.has(key) ? part : withFloats(part, FLOAT_GROUPS.has(key))];
      return [key, areAllFloats || FLOAT_FIELDS.has(key) ? floatJson(part) : part];
    }),
  );
}

/** A number with the digits given. TypeScript's library does not know this part of the language yet; every supported Node has it. */
export function rawJson(text: string): object {
  return (JSON as unknown as { rawJSON(text: string): object }).rawJSON(text);
}

/** A float as Python writes it. */
export function floatJson(value: number): object {
  return rawJson(pythonFloat(value));
}
