import { expect, test } from 'vitest';
import { readdir } from 'node:fs/promises';
import { startMock } from './support/mock.ts';
import { csvValue, logOf, readJsonl, readRows, readSummary } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

const OUTPUT_TOKENS = 6;

interface Case {
  readonly title: string;
  readonly args: readonly string[];
  readonly count: number;
  readonly warmup?: number;
}

const cases: readonly Case[] = [
  { title: 'one stream at a time', args: ['--streaming', '--concurrency', '1'], count: 8 },
  { title: '16 streams at once', args: ['--streaming', '--concurrency', '16'], count: 100 },
  { title: 'no streaming, one at a time', args: ['--no-streaming', '--concurrency', '1'], count: 8 },
  { title: 'no streaming, 16 at once', args: ['--concurrency', '16'], count: 100 },
  { title: 'undici, streaming', args: ['--streaming', '--concurrency', '4', '--transport', 'undici'], count: 30 },
  { title: 'undici, no streaming', args: ['--concurrency', '4', '--transport', 'undici'], count: 30 },
  {
    title: 'two workers, two record processors, warm-up',
    args: ['--streaming', '--concurrency', '8', '--workers-max', '2', '--record-processors', '2'],
    count: 60,
    warmup: 7,
  },
  {
    title: 'a new connection each time',
    args: ['--streaming', '--concurrency', '4', '--connection-reuse-strategy', 'never'],
    count: 20,
  },
  {
    title: 'a constant rate',
    args: ['--streaming', '--request-rate', '100', '--arrival-pattern', 'constant'],
    count: 40,
  },
  {
    title: 'a Poisson rate under a concurrency limit',
    args: ['--streaming', '--request-rate', '200', '--concurrency', '6', '--workers-max', '2'],
    count: 60,
    warmup: 3,
  },
];

test.for(cases)('$title: every count agrees, at the server and in every file', async ({ args, count, warmup = 0 }) => {
  await using server = await startMock({ ttftMs: 5, itlMs: 1 });
  await using place = await workplace();
  const warmupArgs = warmup === 0 ? [] : ['--warmup-request-count', String(warmup)];
  const load = ['--request-count', String(count), '--osl', String(OUTPUT_TOKENS), ...warmupArgs];
  const result = await place.profile(server.url, [...args, ...load]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  const isStreaming = args.includes('--streaming');
  expect(result.stdout.includes('Time to First Token')).toBe(isStreaming);

  expect(await server.succeeded()).toBe(count + warmup);

  const rows = readRows(place.results());
  const measured = rows.filter(({ benchmark_phase }) => benchmark_phase === 'profiling');
  expect(rows).toHaveLength(count + warmup);
  expect(measured).toHaveLength(count);
  expect(new Set(rows.map(({ x_request_id }) => x_request_id)).size).toBe(count + warmup);
  expect(measured.map(({ session_num }) => Number(session_num)).toSorted((a, b) => a - b)).toEqual([
    ...Array.from({ length: count }).keys(),
  ]);
  for (const row of rows) {
    expect(row).toMatchObject({
      valid: true,
      was_cancelled: false,
      error_kind: null,
      finish_reason: 'length',
      input_sequence_length: 16,
      output_sequence_length: OUTPUT_TOKENS,
      usage_completion_tokens: OUTPUT_TOKENS,
      // In an open loop a slow moment of the server takes more connections than were opened before it.
      ...(args.includes('--request-rate') ? {} : { connection_reused: !args.includes('never') }),
    });
  }
  const processes = args.includes('--workers-max') ? 2 : 1;
  expect(new Set(rows.map(({ worker_id }) => worker_id)).size).toBe(processes);

  expect(readSummary(place.results())).toMatchObject({
    was_cancelled: false,
    error_summary: [],
    request_count: { avg: count },
    output_sequence_length: { avg: OUTPUT_TOKENS, count },
    ...(isStreaming ? { time_to_first_token: { count } } : {}),
  });
  expect(csvValue(place.results(), 'Request Count')).toBe(count);
  const lines = readJsonl(place.results());
  expect(lines.map(({ metadata }) => metadata.x_request_id).toSorted()).toEqual(
    rows.map(({ x_request_id }) => x_request_id).toSorted(),
  );
  expect(lines.filter(({ metadata }) => metadata.benchmark_phase === 'warmup')).toHaveLength(warmup);

  expect(logOf(place.results())).toContain(`profiling ends: ${count} sent, ${count} completed, 0 failed`);
  expect(await readdir(place.privateParent)).toEqual([]);
});

test('a duration: sending stops, and what is still in flight after the grace period is cancelled, not failed', async () => {
  // The first half of the answers takes milliseconds, so that there are good rows too; the rest never end in time.
  await using server = await startMock({ ttftMs: 30_000 });
  await using quick = await startMock({ ttftMs: 5 });
  await using place = await workplace();
  const { exitCode, durationMs } = await place.profile(server.url, [
    '-u',
    quick.url,
    '--streaming',
    '--concurrency',
    '4',
    '--osl',
    '4',
    '--benchmark-duration',
    '0.4',
    '--benchmark-grace-period',
    '0.2',
  ]);
  expect(exitCode).toBe(0);
  expect(durationMs).toBeLessThan(20_000);
  const rows = readRows(place.results());
  const cancelled = rows.filter(({ was_cancelled }) => was_cancelled);
  const good = rows.filter(({ valid }) => valid);
  expect(good).toHaveLength(await quick.succeeded());
  expect(cancelled).toHaveLength(4);
  expect(rows).toHaveLength(good.length + cancelled.length);
  expect(readSummary(place.results())).toMatchObject({
    was_cancelled: false,
    error_summary: [],
    request_count: { avg: good.length },
  });
  const lines = readJsonl(place.results());
  expect(lines.filter(({ metadata }) => metadata.was_cancelled)).toHaveLength(4);
});

test('two runs at once do not meet', async () => {
  await using one = await startMock({ ttftMs: 5, itlMs: 1 });
  await using two = await startMock({ ttftMs: 5, itlMs: 1 });
  await using place = await workplace();
  const load = ['--streaming', '--concurrency', '4', '--osl', '4'];
  const results = await Promise.all([
    place.profile(one.url, [...load, '--request-count', '50'], { name: 'one' }),
    place.profile(two.url, [...load, '--request-count', '70'], { name: 'two' }),
  ]);
  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect([await one.succeeded(), await two.succeeded()]).toEqual([50, 70]);
  expect(['one', 'two'].map((name) => readRows(place.results(name)).length)).toEqual([50, 70]);
  expect(await readdir(place.privateParent)).toEqual([]);
});
