import { describe, expect, test } from 'vitest';
import type { DerivedMetric, Metric, RecordMetric } from './metric.ts';
import { createMetricSet } from './metric-set.ts';
import { CHAT_MODE } from './test-records.test.support.ts';

function record(tag: string, requires: readonly string[] = [], flags: RecordMetric['flags'] = []): RecordMetric {
  return {
    tag,
    header: tag,
    unit: 'count',
    kind: 'record',
    valueType: 'int',
    flags,
    consoleGroup: 'none',
    formula: 'a test',
    requires,
    compute: () => 1,
  };
}

function derived(tag: string, requires: readonly string[]): DerivedMetric {
  return { ...record(tag, requires), kind: 'derived', requires, compute: () => 1 };
}

describe('createMetricSet', () => {
  test('puts every metric after what it requires', () => {
    const { record: ordered } = createMetricSet(CHAT_MODE, [record('c', ['b']), record('a'), record('b', ['a'])]);
    expect(ordered.map(({ tag }) => tag)).toEqual(['a', 'b', 'c']);
  });

  test.for<[string, readonly Metric[], string]>([
    ['a tag used twice', [record('a'), record('a')], 'AIPERF_METRICS_DUPLICATE_TAG'],
    ['a tag that is a column', [record('valid')], 'AIPERF_METRICS_DUPLICATE_TAG'],
    ['a requirement that does not exist', [record('a', ['b'])], 'AIPERF_METRICS_UNKNOWN_TAG'],
    ['a record metric on a derived one', [record('a', ['b']), derived('b', [])], 'AIPERF_METRICS_WRONG_KIND'],
    ['a cycle', [record('a', ['b']), record('b', ['c']), record('c', ['a'])], 'AIPERF_METRICS_DEPENDENCY_CYCLE'],
    ['a tag that is no name', [record('Bad tag')], 'AIPERF_METRICS_BAD_TAG'],
    ['a unit without a conversion', [{ ...record('a'), displayUnit: 'ms' }], 'AIPERF_METRICS_UNIT_MISMATCH'],
    ['itself', [derived('a', ['a'])], 'AIPERF_METRICS_DEPENDENCY_CYCLE'],
  ])('refuses %s', ([, metrics, code]) => {
    expect(() => createMetricSet(CHAT_MODE, metrics)).toThrow(expect.objectContaining({ code }));
  });

  test('names the way round a cycle', () => {
    expect(() => createMetricSet(CHAT_MODE, [record('a', ['b']), record('b', ['a'])])).toThrow(/a -> b -> a/);
  });

  test('names the nearest tag of one that does not exist', () => {
    expect(() => createMetricSet(CHAT_MODE, [record('request_latency'), record('a', ['request_latencey'])])).toThrow(
      /'a' requires 'request_latencey', which does not exist; the nearest is 'request_latency'/u,
    );
  });

  test('what requires an excluded metric is excluded, what may read it stays', () => {
    const metrics = [
      record('streamed', [], ['streaming_only']),
      record('needs', ['streamed']),
      { ...record('may_read'), optional: ['streamed'] },
    ];
    const { record: kept } = createMetricSet({ ...CHAT_MODE, streaming: false }, metrics);
    expect(kept.map(({ tag }) => tag)).toEqual(['may_read']);
  });

  test.for<[string, Partial<typeof CHAT_MODE>, string, boolean]>([
    ['streaming has a TTFT', {}, 'time_to_first_token', true],
    ['a whole response has none', { streaming: false }, 'time_to_first_token', false],
    ['a whole response has an output rate', { streaming: false }, 'e2e_output_token_throughput', true],
    ['a closed loop has a turnaround', {}, 'slot_turnaround', true],
    ['a closed loop has no send lag', {}, 'send_lag', false],
    ['an open loop has a send lag', { openLoop: true }, 'send_lag', true],
    [
      'with server counts there is nothing to compare',
      { countsOnClient: false },
      'usage_prompt_tokens_diff_pct',
      false,
    ],
    ['with server counts there is no discrepancy', { countsOnClient: false }, 'usage_discrepancy_count', false],
    [
      'without reasoning discrepancies are still counted',
      { supportsReasoning: false },
      'usage_discrepancy_count',
      true,
    ],
  ])('%s', ([, change, tag, exists]) => {
    const set = createMetricSet({ ...CHAT_MODE, ...change });
    const tags = [...set.record, ...set.recordLists, ...set.aggregate, ...set.derived].map((metric) => metric.tag);
    expect(tags.includes(tag)).toBe(exists);
  });
});
