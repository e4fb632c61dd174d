import type { MetricDefinition, MetricResult, RunResults } from '@aiperf/metrics';
import { describe, expect, test } from 'vitest';
import { renderConsoleReport } from './console-report.ts';
import { displayWidth, plainText, wrapText } from './display-width.ts';

const full = { min: 1.5, max: 123_456.78, p99: 99_999.5, p90: 1000, p50: 12, std: 0.125 };
const metrics: readonly (MetricResult & { order?: number })[] = [
  { tag: 'unordered', header: 'Unordered', unit: 'ratio', avg: 1 },
  { tag: 'late', header: 'Late', unit: 'ms', avg: 2, ...full, order: 900 },
  {
    tag: 'early',
    header: 'Output Token Throughput Per User',
    unit: 'tokens/sec/user',
    avg: 1_234_567.8,
    ...full,
    order: 100,
  },
];
const definitions = metrics.map(({ order, ...metric }): MetricDefinition => ({
  ...metric,
  kind: 'record',
  flags: [],
  consoleGroup: 'default',
  formula: '',
  ...(order === undefined ? {} : { displayOrder: order }),
}));
const results: RunResults = {
  profiling: metrics,
  errors: [],
  requestCount: 1,
  errorCount: 0,
  cancelledCount: 0,
  lostCount: 0,
  wasCancelled: false,
  isComplete: true,
  startEpochNs: '0',
  endEpochNs: '0',
};

function report(changes: Partial<RunResults>, widthColumns: number): string[] {
  const text = renderConsoleReport({
    results: { ...results, ...changes },
    definitions,
    endpointTitle: 'LLM Metrics',
    widthColumns,
  });
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

describe('renderConsoleReport', () => {
  test('orders rows, groups digits, puts a long header’s unit on a second line', () => {
    expect(report({}, 140)).toEqual(
      [
        '                                         AIPerf | LLM Metrics                                         ',
        '┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━┳━━━━━━━━━━┳━━━━━━━┳━━━━━━┓',
        '┃                           Metric ┃          avg ┃  min ┃        max ┃       p99 ┃      p90 ┃   p50 ┃  std ┃',
        '┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━╇━━━━━━━━━━╇━━━━━━━╇━━━━━━┩',
        '│ Output Token Throughput Per User │ 1,234,567.80 │ 1.50 │ 123,456.78 │ 99,999.50 │ 1,000.00 │ 12.00 │ 0.12 │',
        '│                (tokens/sec/user) │              │      │            │           │          │       │      │',
        '│                        Late (ms) │         2.00 │ 1.50 │ 123,456.78 │ 99,999.50 │ 1,000.00 │ 12.00 │ 0.12 │',
        '│                Unordered (ratio) │         1.00 │  N/A │        N/A │       N/A │      N/A │   N/A │  N/A │',
        '└──────────────────────────────────┴──────────────┴──────┴────────────┴───────────┴──────────┴───────┴──────┘',
      ].map((line, i) => (i === 0 ? expect.stringMatching(/^ +AIPerf \| LLM Metrics +$/) : line)),
    );
  });

  test.for([
    [1, '1 request was cancelled and takes part'],
    [7, '7 requests were cancelled and take part'],
  ] as const)(
    'says that %d requests were cancelled, and by what it can have been',
    ([cancelledCount, words], { expect }) => {
      expect(report({ cancelledCount }, 140)[0]).toContain(words);
      expect(report({ cancelledCount }, 140).join(' ')).toMatch(
        /--request-cancellation-rate.*--benchmark-grace-period/u,
      );
      // Nothing else would say why such a run has no numbers.
      expect(report({ cancelledCount, requestCount: 0, profiling: [] }, 140)[0]).toContain(words);
    },
  );

  test('metrics of failed requests are no rows: the error table has them', () => {
    const failed: MetricResult = { tag: 'failed', header: 'Failed', unit: 'requests', avg: 3 };
    const text = renderConsoleReport({
      results: { ...results, profiling: [...metrics, failed] },
      definitions: [
        ...definitions,
        { ...failed, kind: 'aggregate', flags: ['error_only'], consoleGroup: 'default', formula: '' },
      ],
      endpointTitle: 'LLM Metrics',
      widthColumns: 140,
    });
    expect(text).toContain('Late (ms)');
    expect(text).not.toContain('Failed');
  });

  test('in 104 columns the names wrap and every number stays', () => {
    const lines = report({}, 104);
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(104);
    expect(lines.some((line) => line.includes('std'))).toBe(true);
    expect(lines.join('\n')).toContain('1,234,567.80');
    expect(lines.join('\n')).not.toContain('Left out');
  });

  test.for([80, 60])('in %d columns whole columns give way, and a line says which', (width) => {
    const lines = report({}, width);
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
    const [, , head = ''] = lines;
    expect(head).toContain('avg');
    expect(head).toContain('p99');
    expect(head).not.toContain('std');
    expect(lines.join(' ')).toContain('Left out for want of width: std, min');
  });

  test('errors come first, cleaned of control characters, folded to the width', () => {
    const message = `\u001B[31mred\u001B[0m\n${'<p>page</p> '.repeat(200)}`;
    const lines = report({ errors: [{ code: null, type: 'Bad\u0007Type', message, kind: 'x', count: 7 }] }, 100);
    expect(lines[0]).toContain('AIPerf | Error Summary');
    expect(lines[4]).toMatch(/^│ {2}N\/A │ Bad Type │ red <p>page<\/p> .*│ {5}7 │$/);
    expect(lines.findIndex((line) => line.includes('LLM Metrics'))).toBeLessThan(20);
    expect(new Set(lines.slice(1, 6).map(displayWidth))).toEqual(new Set([100]));
  });

  test('of a thousand kinds of errors the most frequent are listed and the others counted', () => {
    const errors = Array.from({ length: 1000 }, (_, index) => ({
      code: 500,
      type: 'T',
      message: `request ${index} failed`,
      kind: 'http_status',
      count: index === 0 ? 5 : 1,
    }));
    const lines = report({ errors }, 100);
    expect(lines.join('\n')).toContain('request 19 failed');
    expect(lines.join('\n')).not.toContain('request 20 failed');
    expect(lines).toContain('Left out: 980 less frequent errors of 980 requests. The JSON summary has them.');
  });

  test('a percentile is called too little for the sample that is named, not for a smaller one of another metric', () => {
    const latency: MetricResult = { tag: 'request_latency', header: 'Request Latency', unit: 'ms', avg: 2, count: 247 };
    const rtt: MetricResult = { tag: 'network_rtt', header: 'RTT', unit: 'ms', avg: 2, uncertain: ['p90', 'p99'] };
    const text = (uncertain: readonly string[]): string =>
      report({ profiling: [...metrics, { ...latency, uncertain }, rtt] }, 140).join('\n');
    expect(text(['p99_9'])).not.toContain('Too few');
    expect(text(['p95', 'p99', 'p99_9'])).toContain('Too few requests (247) for p95, p99:');
  });

  test('requests without a token count are told, since sums and rates of tokens leave them out', () => {
    const counted = (tag: string, count: number): MetricResult => ({ tag, header: tag, unit: 'tokens', avg: 5, count });
    const text = (input: number, output: number): string =>
      report(
        {
          profiling: [...metrics, counted('input_sequence_length', input), counted('output_sequence_length', output)],
          requestCount: 105,
        },
        200,
      ).join('\n');
    expect(text(105, 105)).not.toContain('missing');
    expect(text(105, 70)).toContain('Token counts are missing: 35 of 105 requests (33.33 %) without output tokens.');
    expect(text(104, 70)).toContain('1 of 105 requests (0.95 %) without input tokens, 35 of 105 requests');
  });

  test('an incomplete run says so before everything else', () => {
    const lines = report(
      {
        isComplete: false,
        wasCancelled: true,
        cancelledCount: 3,
        lostCount: 2,
        incompleteReason: 'Stopped by the user.',
      },
      80,
    );
    expect(lines.slice(0, 4)).toEqual([
      'AIPerf | INCOMPLETE RESULTS',
      'Stopped by the user.',
      'Cancelled in flight: 3 requests.',
      'Sent, but left no record: 2 requests.',
    ]);
  });

  test('only errors: only their table', () => {
    const lines = report({ profiling: [], errors: [{ code: 500, type: 'T', message: 'm', kind: 'x', count: 1 }] }, 80);
    expect(lines).toHaveLength(6);
  });
});

describe('display width', () => {
  test.for<[string, number]>([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['🚀', 2],
    ['', 0],
  ])('%s takes %d cells', ([text, width]) => {
    expect(displayWidth(text)).toBe(width);
  });

  test('wraps between words, cuts words that are too long, keeps breaks', () => {
    expect(wrapText('one two three\nabcdefghij', 7)).toEqual(['one two', 'three', 'abcdefg', 'hij']);
    expect(wrapText('日本語日本語', 5)).toEqual(['日本', '語日', '本語']);
  });

  test('text from a server is one plain line', () => {
    expect(plainText('a\r\n\tb\u001B]0;title\u0007c\u202Ed')).not.toMatch(/[\p{Cc}\u202E]/u);
  });
});
