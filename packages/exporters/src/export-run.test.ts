import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricDefinition, RunResults } from '@aiperf/metrics';
import { describe, expect, test } from 'vitest';
import { renderClosingLines } from './console-report.ts';
import { exportRun, type ExportRunOptions } from './export-run.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { writeRecordFile } from './testing/record-file.ts';

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
  exportLevel: ExportRunOptions['exportLevel'] = 'records',
): Promise<{ kinds: string[]; names: string[] }> {
  await writeRecordFile(join(directory, 'profile_export.arrow'), [
    [{ session_num: 0n, conversation_id: 's', worker_id: 'w' }],
  ]);
  const files = await exportRun({
    runDirectory: directory,
    results: { ...results, ...changes },
    definitions,
    description: {
      aiperfVersion: '0.1.0',
      benchmarkId: 'abcdef012345',
      commandLine: 'aiperf profile',
      inputConfig: { a: [] },
    },
    endpointTitle: 'LLM Metrics',
    exportLevel,
  });
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

  test('level summary writes no JSONL', async () => {
    await using folder = await temporaryFolder();
    expect((await exported(folder.path, {}, 'summary')).kinds).toEqual(['arrow', 'csv', 'json', 'console', 'ready']);
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

  test('a record file that is none: the error names it, and no half-written file stays', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'profile_export.arrow'), 'not arrow at all');
    const options: ExportRunOptions = {
      runDirectory: folder.path,
      results,
      definitions,
      description: {
        aiperfVersion: '0.1.0',
        benchmarkId: 'abcdef012345',
        commandLine: 'aiperf profile',
        inputConfig: {},
      },
      endpointTitle: 'LLM Metrics',
      exportLevel: 'records',
    };
    await expect(exportRun(options)).rejects.toMatchObject({ code: 'AIPERF_EXPORT_FOREIGN_FILE' });
    expect((await readdir(folder.path)).filter((name) => name.endsWith('.tmp') || name.includes('ready'))).toEqual([]);
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
