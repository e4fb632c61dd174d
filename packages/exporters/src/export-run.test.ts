import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricDefinition, RunResults } from '@aiperf/metrics';
import { describe, expect, test } from 'vitest';
import { renderClosingLines } from './console-report.ts';
import { exportRun } from './export-run.ts';
import { openRun } from './run/open-run.ts';
import { temporaryFolder } from '@aiperf/records/testing';
import { writeRun } from './testing/run-file.ts';

const definitions: readonly MetricDefinition[] = [
  {
    tag: 'request_latency',
    header: 'Request Latency',
    unit: 'ns',
    displayUnit: 'ms',
    kind: 'record',
    flags: [],
    consoleGroup: 'default',
    displayOrder: 1,
    formula: '',
  },
  {
    tag: 'requested_osl',
    header: 'Requested OSL',
    unit: 'tokens',
    kind: 'record',
    flags: ['internal'],
    consoleGroup: 'default',
    formula: '',
  },
];

const results: RunResults = {
  profiling: [
    { tag: 'request_latency', header: 'Request Latency', unit: 'ms', avg: 12, p50: 12.5, min: 1, count: 2, sum: 24 },
    { tag: 'requested_osl', header: 'Requested OSL', unit: 'tokens', avg: 77 },
    { tag: 'benchmark_duration', header: 'Benchmark Duration', unit: 'sec', avg: 3.859 },
    { tag: 'goodput', header: 'Goodput', unit: 'requests/sec', avg: Number.NaN },
  ],
  warmup: [{ tag: 'request_latency', header: 'Request Latency', unit: 'ms', avg: 99, max: Number.POSITIVE_INFINITY }],
  errors: [{ code: null, type: 'ClientPayloadError', message: 'cut', kind: 'stream_cut', count: 3 }],
  requestCount: 2,
  errorCount: 3,
  cancelledCount: 0,
  lostCount: 0,
  wasCancelled: false,
  isComplete: true,
  startEpochNs: '1795333656021402123',
  endEpochNs: '1795333659880402123',
};

async function exported(
  directory: string,
  changes: Partial<RunResults> = {},
  output: object = {},
): Promise<{ kinds: string[]; names: string[] }> {
  const { exportPrefix: prefix } = output as { exportPrefix?: string };
  await writeRun(directory, {
    results: { ...results, ...changes },
    output,
    ...(prefix === undefined ? {} : { name: `${prefix}.arrow` }),
  });
  await using run = await openRun(directory);
  const files = await exportRun(run, { definitions });
  for (const { path } of files) expect((await readFile(path)).byteLength).toBeGreaterThan(0);
  return { kinds: files.map(({ kind }) => kind), names: (await readdir(directory)).toSorted() };
}

describe('exportRun', () => {
  test('writes every file once and leaves nothing else', async () => {
    await using folder = await temporaryFolder();
    const { kinds, names } = await exported(folder.path);
    expect(kinds).toEqual(['arrow', 'csv', 'json', 'console', 'jsonl', 'ready']);
    expect(names).toEqual([
      '.aiperf_results_ready.json',
      'profile_export.arrow',
      'profile_export.jsonl',
      'profile_export_aiperf.csv',
      'profile_export_aiperf.json',
      'profile_export_console.txt',
    ]);
    const read = (name: string): Promise<string> => readFile(join(folder.path, name), 'utf8');
    expect(await read('.aiperf_results_ready.json')).toBe('{"ready":true,"was_cancelled":false,"partial":false}');
    const summary = JSON.parse(await read('profile_export_aiperf.json')) as Record<string, unknown>;
    expect(summary['request_latency']).toEqual({ unit: 'ms', avg: 12, p50: 12.5, min: 1, count: 2, sum: 24 });
    expect(summary['warmup_metrics']).toEqual({ request_latency: { unit: 'ms', avg: 99 } });
    expect(summary['goodput']).toEqual({ unit: 'requests/sec' });
    expect(summary['error_summary']).toEqual([
      { error_details: { type: 'ClientPayloadError', message: 'cut', kind: 'stream_cut' }, count: 3 },
    ]);
    for (const name of names.filter((name) => /aiperf\.|console/.test(name)))
      expect(await read(name)).not.toMatch(/NaN|Infinity|Requested OSL/);
  });

  test('with a prefix every name that AIPerf changes begins with it', async () => {
    await using folder = await temporaryFolder();
    const slice = { startEpochNs: '1', endEpochNs: '2', isComplete: true, metrics: results.profiling };
    const { names } = await exported(folder.path, { timeSlices: [slice] }, { exportPrefix: 'foo' });
    expect(names).toEqual([
      '.aiperf_results_ready.json',
      'foo.arrow',
      'foo.csv',
      'foo.json',
      'foo.jsonl',
      'foo_console.txt',
      'foo_timeslices.arrow',
      'foo_timeslices.csv',
      'foo_timeslices.json',
    ]);
  });

  test('what AIPerf does not say is under one key, and nothing else of it', async () => {
    await using folder = await temporaryFolder();
    await exported(folder.path, {
      profiling: [
        {
          tag: 'request_latency',
          header: 'Request Latency',
          unit: 'ms',
          avg: 12,
          p99: 15,
          p99_9: 16,
          confidence: { p50: [11, 13.5] },
          uncertain: ['p99'],
        },
      ],
      load: [
        {
          phase: 'profiling',
          mode: 'request_rate',
          sent: 5,
          completed: 2,
          failed: 3,
          cancelled: 0,
          lost: 0,
          neverSent: 4,
          sessions: 5,
          askedRatePerSec: 10,
          achievedRatePerSec: 5.5,
          interArrival: { meanMs: 182, coefficientOfVariation: 1.01 },
          verdict: 'degraded',
          reason: '4 requests were never sent',
        },
      ],
      violations: [{ rule: 'ttft_above_latency', count: 2, example: 'request x' }],
    });
    const text = await readFile(join(folder.path, 'profile_export_aiperf.json'), 'utf8');
    const summary = JSON.parse(text) as Record<string, unknown>;
    expect(summary['request_latency']).toEqual({ unit: 'ms', avg: 12, p99: 15 });
    expect(Object.keys(summary).at(-1)).toBe('quality');
    expect(summary['quality']).toEqual({
      cancelled_request_count: 0,
      lost_request_count: 0,
      load: [
        {
          phase: 'profiling',
          mode: 'request_rate',
          verdict: 'degraded',
          reason: '4 requests were never sent',
          sent: 5,
          completed: 2,
          failed: 3,
          cancelled: 0,
          lost: 0,
          never_sent: 4,
          sessions: 5,
          asked_rate_per_sec: 10,
          achieved_rate_per_sec: 5.5,
          inter_arrival: { mean_ms: 182, coefficient_of_variation: 1.01 },
        },
      ],
      violations: [{ rule: 'ttft_above_latency', count: 2, example: 'request x' }],
      statistics: { request_latency: { p99_9: 16, confidence: { p50: [11, 13.5] }, uncertain: ['p99'] } },
    });
    expect(text).toContain('"asked_rate_per_sec": 10.0');
    const shown = await readFile(join(folder.path, 'profile_export_console.txt'), 'utf8');
    expect(shown).toContain('LOAD NOT DELIVERED AS ASKED');
    expect(shown).toContain('profiling: 4 requests were never sent');
    expect(shown).toContain('degraded: 4 requests were never sent');
    expect(shown).toContain('ttft above latency: 2 times, such as request x');
    expect(shown.indexOf('LOAD NOT DELIVERED')).toBeLessThan(shown.indexOf('Error Summary'));
  });

  test('level summary writes no JSONL', async () => {
    await using folder = await temporaryFolder();
    expect((await exported(folder.path, {}, { exportLevel: 'summary' })).kinds).toEqual([
      'arrow',
      'csv',
      'json',
      'console',
      'ready',
    ]);
  });

  test('when every request failed only the record files are there', async () => {
    await using folder = await temporaryFolder();
    const { names } = await exported(folder.path, { requestCount: 0, profiling: [] });
    expect(names).toEqual(['profile_export.arrow', 'profile_export.jsonl']);
  });

  test('cancelled before the first request ended: a summary that says so, no CSV', async () => {
    await using folder = await temporaryFolder();
    const changes = {
      requestCount: 0,
      errorCount: 0,
      errors: [],
      profiling: [],
      wasCancelled: true,
      isComplete: false,
      incompleteReason: 'Ctrl-C.',
    };
    const { kinds } = await exported(folder.path, changes);
    expect(kinds).toEqual(['arrow', 'json', 'console', 'jsonl', 'ready']);
    const summary = JSON.parse(await readFile(join(folder.path, 'profile_export_aiperf.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(summary).toMatchObject({ was_cancelled: true, is_complete: false, incomplete_reason: 'Ctrl-C.' });
    expect(await readFile(join(folder.path, '.aiperf_results_ready.json'), 'utf8')).toContain('"was_cancelled":true');
  });
});

test('the closing lines name command, duration, files and log', () => {
  const files = [
    { kind: 'arrow', path: '/r/profile_export.arrow' },
    { kind: 'json', path: '/r/profile_export_aiperf.json' },
    { kind: 'jsonl', path: '/r/profile_export.jsonl' },
  ] as const;
  const closing = { commandLine: "aiperf profile --model 'm'", files, logPath: '/r/logs/aiperf.log' };
  expect(renderClosingLines({ ...closing, results: { ...results, wasCancelled: true } })).toBe(
    "CLI Command: aiperf profile --model 'm'\nBenchmark Duration: 3.86 sec (cancelled early)\n" +
      'JSON Export: /r/profile_export_aiperf.json\nArrow Export: /r/profile_export.arrow\nLog File: /r/logs/aiperf.log\n',
  );
});
