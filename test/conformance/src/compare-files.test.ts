import { describe, expect, test } from 'vitest';
import { Checks } from './checks.ts';
import { compareConsole, readTables } from './compare-console.ts';
import { compareCsv } from './compare-csv.ts';
import { compareRecords } from './compare-records.ts';
import { compareSummary } from './compare-summary.ts';

function differencesOf(compare: (checks: Checks) => void): string[] {
  const checks = new Checks();
  compare(checks);
  return checks.differences.map(({ id }) => id);
}

const TABLE = `
          NVIDIA AIPerf | LLM Metrics
┏━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━┓
┃                Metric ┃      avg ┃
┡━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━┩
│      Request Latency  │ 1,234.50 │
│                (ms)   │          │
│    Request Count      │    24.00 │
└───────────────────────┴──────────┘
`;

test('tables are read with their wrapped rows joined', () => {
  expect(readTables(TABLE)).toEqual([
    {
      title: 'NVIDIA AIPerf | LLM Metrics',
      header: ['Metric', 'avg'],
      rows: new Map([
        ['Request Latency (ms)', ['1,234.50']],
        ['Request Count', ['24.00']],
      ]),
    },
  ]);
});

describe('each kind of difference is found', () => {
  test.for<[what: string, ours: string, ids: string[]]>([
    ['other numbers and another brand are none', TABLE.replace('NVIDIA ', '').replace('24.00', '7.00'), []],
    ['a number of another form', TABLE.replace('24.00', '24.0 '), ['console/LLM Metrics/form/Request Count']],
    ['another header', TABLE.replace('avg', 'p50'), ['console/LLM Metrics/columns']],
    [
      'another name',
      TABLE.replace('Count', 'Total'),
      ['console/LLM Metrics/missing/Request Count', 'console/LLM Metrics/extra/Request Total'],
    ],
  ])('on the console: %s', ([, ours, ids]) => {
    expect(differencesOf((checks) => compareConsole(checks, TABLE, ours))).toEqual(ids);
  });

  const csv = 'Metric,avg,p50\r\nA (ms),1.00,2.00\r\nB,3.00,\r\n\r\nMetric,Value\r\nC,4.00\r\n';
  test.for<[what: string, ours: string, ids: string[]]>([
    ['other numbers are none', csv.replace('4.00', '12.50'), []],
    ['line ends', csv.replaceAll('\r\n', '\n'), ['csv/line-ends', 'csv/end-of-file']],
    ['decimals', csv.replace('4.00', '4.000'), ['csv/form/C']],
    ['an empty cell', csv.replace('2.00', ''), ['csv/form/A (ms)']],
    ['order', csv.replace('A (ms),1.00,2.00\r\nB,3.00,', 'B,3.00,\r\nA (ms),1.00,2.00'), ['csv/order/0']],
    ['a column', csv.replace('p50', 'p99'), ['csv/headers']],
  ])('in the CSV: %s', ([, ours, ids]) => {
    expect(differencesOf((checks) => compareCsv(checks, csv, ours))).toEqual(ids);
  });

  const summary =
    '{"schema_version":"1.4","request_latency":{"unit":"ms","avg":2.0,"count":3},"total_osl":{"unit":"tokens","avg":36.0},' +
    '"run_info":{"trial":0},"is_complete":true,"error_summary":[],"end_time":"2026-01-01T00:00:00","effective_latency":{"unit":"ms","avg":1.0}}';
  test.for<[what: string, ours: string, ids: string[]]>([
    ['another time is none', summary.replace('2.0', '9.5'), []],
    ['a determined value', summary.replace('36.0', '37.0'), ['json/value/total_osl']],
    ['a count', summary.replace('"count":3', '"count":4'), ['json/count/request_latency']],
    ['an integer for a float', summary.replace('2.0', '2'), ['json/shape/request_latency']],
    ['a unit', summary.replace('"ms","avg":2.0', '"s","avg":2.0'), ['json/shape/request_latency']],
    ['a value of the description', summary.replace('"trial":0', '"trial":1'), ['json/value/run_info.trial']],
    [
      'order',
      summary.replace('"run_info":{"trial":0},"is_complete":true', '"is_complete":true,"run_info":{"trial":0}'),
      ['json/order'],
    ],
  ])('in the summary: %s', ([, ours, ids]) => {
    expect(differencesOf((checks) => compareSummary(checks, summary, ours))).toEqual(ids);
  });

  const record = (more: { phase?: string; session?: number; osl?: number; error?: object } = {}): string => {
    const { phase = 'profiling', session = 0, osl = 12, error } = more;
    const metrics = { output_sequence_length: { value: osl, unit: 'tokens' } };
    return `${JSON.stringify({ metadata: { session_num: session, benchmark_phase: phase }, metrics, error })}\n`;
  };
  test.for<[what: string, ours: string, ids: string[]]>([
    ['order of lines is none', record({ session: 1 }) + record(), []],
    [
      'a determined value',
      record({ osl: 13 }) + record({ session: 1 }),
      ['jsonl/profiling good/value/output_sequence_length'],
    ],
    [
      'a missing line',
      record(),
      [
        'jsonl/profiling good/lines',
        'jsonl/profiling good/records-with/output_sequence_length',
        'jsonl/profiling good/value/output_sequence_length',
        'jsonl/sessions',
      ],
    ],
    [
      'an error that is another one',
      record() + record({ session: 1, error: { type: 'X' } }),
      ['jsonl/profiling none X']
        .map((group) => group.replace('jsonl/', 'jsonl/extra/'))
        .concat([
          'jsonl/profiling good/lines',
          'jsonl/profiling good/records-with/output_sequence_length',
          'jsonl/profiling good/value/output_sequence_length',
        ]),
    ],
  ])('in the records: %s', ([, ours, ids]) => {
    const theirs = record() + record({ session: 1 });
    expect(differencesOf((checks) => compareRecords(checks, theirs, ours))).toEqual(ids);
  });
});
