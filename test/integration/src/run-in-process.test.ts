import { readdir, readFile, writeFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProfileOptions, profileConfig } from '@aiperf/config';
import { type ControllerError, runInProcess } from '@aiperf/controller';
import type { RunResults } from '@aiperf/metrics';
import { expect, test, vi } from 'vitest';
import { startMock } from './support/mock.ts';
import { readRows, readSummary } from './support/run-results.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { workplace } from './support/workplace.ts';

/** Short prompts, as in runs of the command line here. */
const configOf = (url: string, options: ProfileOptions) =>
  profileConfig({ model: 'mock', url, isl: 16, tokenizer: 'builtin', ...options });

const averageOf = ({ profiling }: RunResults, tag: string): number | undefined =>
  profiling.find((metric) => metric.tag === tag)?.avg;

/** A directory for temporary files of this process alone. */
async function ownTemporaryFolder() {
  const folder = await temporaryFolder();
  vi.stubEnv('TMPDIR', folder.path);
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => {
      vi.unstubAllEnvs();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What a run must leave as it was, as far as the system tells. */
async function surroundings() {
  const tasks = await readdir('/proc/self/task').catch(() => []);
  const classes = await Promise.all(
    tasks.map((id) => readFile(`/proc/self/task/${id}/sched`, 'utf8').catch(() => 'policy : 0')),
  );
  return {
    priority: getPriority(),
    autogroup: await readFile('/proc/self/autogroup', 'utf8').catch(() => ''),
    policies: [...new Set(classes.map((text) => /^policy\s*:\s*(\d+)/mu.exec(text)?.[1]))],
    signals: process.listenerCount('SIGINT') + process.listenerCount('SIGTERM'),
    exits: process.listenerCount('exit') + process.listenerCount('beforeExit'),
    exitCode: process.exitCode,
  };
}

const resources = (): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

const threads = async (): Promise<number> => (await readdir('/proc/self/task').catch(() => [])).length;

test('a run in this process sends as many requests and measures the same as one in processes of its own', async () => {
  await using server = await startMock({ ttftMs: 2, itlMs: 1 });
  await using place = await workplace();
  const load = ['--streaming', '--concurrency', '4', '--request-count', '40', '--warmup-request-count', '5'];
  expect(await place.profile(server.url, [...load, '--osl', '6', '--random-seed', '7'])).toMatchObject({ exitCode: 0 });
  const rows = readRows(place.results());
  const summary = readSummary(place.results());
  expect(await server.succeeded()).toBe(45);

  const options = { streaming: true, concurrency: 4, requestCount: 40, warmupRequestCount: 5, osl: 6, randomSeed: 7 };
  const run = runInProcess(await configOf(server.url, options));
  const seen = {
    rows: 0,
    valid: 0,
    completedBatches: false,
    phases: new Set<string | null>(),
    stages: new Set<string>(),
    hasEnded: false,
  };
  run.batches$.subscribe({
    next: (batch) => {
      seen.rows += batch.rowCount;
      seen.valid += batch.numbers('valid').reduce((sum, value) => sum + value, 0);
      for (const phase of batch.strings('benchmark_phase')) seen.phases.add(phase);
    },
    complete: () => {
      seen.completedBatches = true;
    },
  });
  run.progress$.subscribe({
    next: ({ stage }) => seen.stages.add(stage),
    complete: () => {
      seen.hasEnded = true;
    },
  });
  const results = await run.results;
  expect(await server.succeeded()).toBe(90);
  expect(results).toMatchObject({ requestCount: 40, errorCount: 0, cancelledCount: 0, lostCount: 0, isComplete: true });
  expect(results.violations).toBeUndefined();
  expect(averageOf(results, 'request_count')).toBe(summary.request_count?.avg);
  expect(averageOf(results, 'output_sequence_length')).toBe(summary.output_sequence_length?.avg);
  const inputTokens = rows.filter((row) => row.benchmark_phase === 'profiling').map((row) => row.input_sequence_length);
  expect(averageOf(results, 'input_sequence_length')).toBe(
    inputTokens.reduce<number>((sum, tokens) => sum + (tokens ?? 0), 0) / 40,
  );
  expect(averageOf(results, 'time_to_first_token')).toBeGreaterThanOrEqual(2);
  expect(seen).toMatchObject({ rows: rows.length, valid: 45, completedBatches: true, hasEnded: true });
  expect(seen.phases).toEqual(new Set(['profiling', 'warmup']));
  expect([...seen.stages]).toEqual(['starting', 'warmup', 'profiling', 'processing', 'exporting']);
});

test('runs one after the other, and at once, leave nothing behind and change nothing around them', async () => {
  await using server = await startMock({ ttftMs: 1 });
  await using folder = await ownTemporaryFolder();
  const options = { concurrency: 2, requestCount: 12, osl: 3 };
  const first = await runInProcess(await configOf(server.url, options)).results;
  expect(first.requestCount).toBe(12);
  // What a process makes once, such as the thread pool, is there now.
  await sleep(300);
  const before = { resources: resources(), threads: await threads(), around: await surroundings() };
  for (let count = 0; count < 3; count += 1) {
    const run = runInProcess(await configOf(server.url, { ...options, requestRate: 200 }));
    // In the middle of it, too.
    await sleep(150);
    expect(await surroundings()).toEqual(before.around);
    expect((await run.results).requestCount).toBe(12);
  }
  const both = await Promise.all([
    runInProcess(await configOf(server.url, options)).results,
    runInProcess(await configOf(server.url, { ...options, requestCount: 7 })).results,
  ]);
  expect(both.map(({ requestCount }) => requestCount)).toEqual([12, 7]);
  // Threads and sockets end a moment after they were closed. Not `vi.waitFor`, which has timers of its own.
  await sleep(500);
  expect(resources()).toEqual(before.resources);
  expect(await threads()).toBeLessThanOrEqual(before.threads);
  expect(await surroundings()).toEqual(before.around);
  expect(await readdir(folder.path)).toEqual([]);
});

test('stop ends the load early, and what was measured is the result', async () => {
  await using server = await startMock({ ttftMs: 20 });
  await using folder = await ownTemporaryFolder();
  const run = runInProcess(await configOf(server.url, { concurrency: 2, benchmarkDuration: 60, osl: 3 }));
  await vi.waitFor(() => server.succeeded().then((count) => expect(count).toBeGreaterThan(5)), { timeout: 20_000 });
  await run.stop();
  const results = await run.results;
  expect(results).toMatchObject({ wasCancelled: true, errorCount: 0, lostCount: 0 });
  expect(results.requestCount).toBeGreaterThan(5);
  expect(await readdir(folder.path)).toEqual([]);
});

test('a signal does the same, and one that was aborted before lets nothing begin', async () => {
  await using server = await startMock({ ttftMs: 20 });
  const config = await configOf(server.url, { concurrency: 2, benchmarkDuration: 60, osl: 3 });
  const run = runInProcess(config, { signal: AbortSignal.abort() });
  await expect(run.results).rejects.toMatchObject({ code: 'AIPERF_CONTROLLER_SERVICE' });
  expect(await server.succeeded()).toBe(0);
  await expect(runInProcess(config, { signal: AbortSignal.timeout(2_000) }).results).resolves.toMatchObject({
    wasCancelled: true,
  });
});

test.for([
  ['answers with errors', { errorRatio: 1 }, 20],
  ['cuts half of its streams', { cutRatio: 0.5, seed: 3 }, 0],
] as const)('requests to a server that %s are results', async ([, behaviour, errors]) => {
  await using server = await startMock(behaviour);
  const config = await configOf(server.url, { streaming: true, concurrency: 4, requestCount: 20, osl: 8 });
  const results = await runInProcess(config).results;
  expect(results.requestCount + results.errorCount).toBe(20);
  expect(results.errorCount).toBeGreaterThan(errors - 1);
  expect(results.errors.length).toBeGreaterThan(0);
});

test('a server that is not there fails every request, and the run goes to its end', async () => {
  const config = await configOf('http://127.0.0.1:1', { concurrency: 2, requestCount: 4 });
  await expect(runInProcess(config).results).resolves.toMatchObject({ requestCount: 0, errorCount: 4, lostCount: 0 });
});

test('what cannot be used is said before anything is sent, and leaves nothing behind', async () => {
  await using folder = await ownTemporaryFolder();
  await using server = await startMock();
  const config = await configOf(server.url, { requestCount: 1, tokenizer: 'no/such-tokenizer' });
  await expect(runInProcess(config).results).rejects.toThrow(/no tokenizer "no\/such-tokenizer"/u);
  expect(await server.succeeded()).toBe(0);
  expect(await readdir(folder.path)).toEqual([]);
});

const BREAKING_METRIC = `
let count = 0;
export const metrics = [{
  tag: 'breaking', header: 'Breaking', unit: 'ns', displayUnit: 'ms', kind: 'record', valueType: 'int', flags: [],
  consoleGroup: 'none', formula: 'none', requires: [],
  compute: () => {
    count += 1;
    if (count > 40) throw new Error('no metric any more');
    return count;
  },
}];
`;

test('a run that cannot go on says why, and keeps what was measured', async () => {
  await using server = await startMock({ ttftMs: 5 });
  await using folder = await temporaryFolder();
  const metricsModule = join(folder.path, 'breaking.mjs');
  await writeFile(metricsModule, BREAKING_METRIC);
  const config = await configOf(server.url, { concurrency: 2, benchmarkDuration: 60, osl: 3, metricsModule });
  const error: unknown = await runInProcess(config).results.catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'AIPERF_CONTROLLER_SERVICE',
    message: expect.stringContaining('no metric any more') as string,
    results: { isComplete: false, errorCount: 0 },
  });
  expect((error as ControllerError).results?.lostCount).toBeGreaterThan(0);
});

test('a dry run is none for this', async () => {
  const config = await configOf('http://127.0.0.1:1', { requestCount: 1, dryRun: true });
  await expect(runInProcess(config).results).rejects.toMatchObject({ code: 'AIPERF_CONTROLLER_UNUSABLE' });
});

test('result files are written where they are asked for', async () => {
  await using server = await startMock();
  await using folder = await temporaryFolder();
  const artifactDir = join(folder.path, 'run');
  const results = await runInProcess(await configOf(server.url, { requestCount: 9, osl: 4, artifactDir })).results;
  expect(results.requestCount).toBe(9);
  expect(readRows(artifactDir)).toHaveLength(9);
  expect(readSummary(artifactDir).request_count?.avg).toBe(9);
});
