import type { MetricResult } from '@aiperf/metrics';
import { expect, test } from 'vitest';
import { Checks } from '../checks.ts';
import { compareView, type Covered } from './compare-metrics.ts';
import type { RowMetrics, ViewMetrics } from './our-metrics.ts';
import type { ReferenceView } from './reference.ts';
import { metricsViews } from './views.ts';

type Values = Readonly<Record<string, number | readonly number[]>>;

function theirs(metrics: Values, error: string | null, summary: ReferenceView['summary'] = {}): ReferenceView {
  const kinds = new Map([
    ['request_latency', 'record'],
    ['inter_chunk_latency', 'record'],
    ['request_count', 'aggregate'],
  ] as const);
  return { kinds, rows: new Map([[0, { error, metrics }]]), summary, slices: [] };
}

function ours(values: Values, outcome: RowMetrics['outcome'], summary: readonly MetricResult[] = []): ViewMetrics {
  return {
    rows: new Map([[0, { outcome, values: new Map(Object.entries(values)) }]]),
    summary,
    slices: [],
    violations: [],
  };
}

function differences(their: ReferenceView, our: ViewMetrics): { readonly ids: string[]; readonly covered: Covered } {
  const checks = new Checks();
  const covered: Covered = new Map();
  const [view] = metricsViews('', '');
  if (view === undefined) throw new Error('there are views');
  compareView(checks, covered, view, [], their, our);
  return { ids: checks.differences.map(({ id }) => id), covered };
}

test.for<[string, Values, Values, string[]]>([
  ['the last digit is the order of additions', { request_latency: 1e9 }, { request_latency: 1e9 + 0.5 }, []],
  [
    'what is more is a difference',
    { request_latency: 1e9 },
    { request_latency: 1e9 + 2 },
    ['row@plain/request_latency'],
  ],
  ['a value on one side only', { request_latency: 5 }, {}, ['row@plain/request_latency']],
  ['a value on the other side only', {}, { request_latency: 5 }, ['row@plain/request_latency']],
  ['a gap less', { inter_chunk_latency: [1, 2] }, { inter_chunk_latency: [1] }, ['row@plain/inter_chunk_latency']],
  ['a sum of AIPerf that no row of ours holds', { request_count: 1 }, {}, []],
  ['a metric that only we have', {}, { stall_count: 1 }, []],
])('of a request: %s', ([, their, our, ids]) => {
  expect(differences(theirs(their, null), ours(our, 'valid')).ids).toEqual(ids);
});

test('a request that only one side calls failed is one difference', () => {
  const { ids, covered } = differences(theirs({ request_latency: 1 }, 'Error'), ours({ request_latency: 2 }, 'valid'));
  expect(ids).toEqual(['outcome@plain']);
  expect(covered.size).toBe(0);
});

test('a metric is covered by a summary when its mean is equal', () => {
  const result = (avg: number): MetricResult => ({ tag: 'goodput', header: 'Goodput', unit: 'requests/sec', avg });
  const their = theirs({}, null, { goodput: { unit: 'requests/sec', avg: 3 } });
  expect(differences(their, ours({}, 'valid', [result(3)]))).toEqual({
    ids: [],
    covered: new Map([['goodput', { rows: 0, summaries: 1 }]]),
  });
  expect(differences(their, ours({}, 'valid', [result(4)]))).toEqual({
    ids: ['summary/goodput/avg'],
    covered: new Map(),
  });
  expect(differences(their, ours({}, 'valid', [{ ...result(3), p50: 3 }])).ids).toEqual(['summary/goodput/p50']);
});
