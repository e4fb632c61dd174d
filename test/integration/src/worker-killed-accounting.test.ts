import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { untilGone } from './support/cli.ts';
import { startMock } from './support/mock.ts';
import { readRows } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

const SLOTS = 256;
const TTFT_MS = 200;
/** Answers after which the worker dies: the slots are full and have been refilled. */
const ANSWERS_BEFORE = 4 * SLOTS;

interface LoadCounts {
  readonly phase: string;
  readonly sent: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly lost: number;
}

test('SIGKILL of one of two workers at 256 slots: the run ends by itself, with every request accounted for', async () => {
  await using server = await startMock({ ttftMs: TTFT_MS });
  await using place = await workplace();
  const load = ['--concurrency', String(SLOTS), '--request-count', '1000000', '--osl', '2', '--streaming'];
  await using cli = place.startProfile(server.url, [...load, '--workers-min', '2', '--workers-max', '2']);
  while ((await server.succeeded()) < ANSWERS_BEFORE) {
    expect(cli.stderr).toBe('');
    await delay(50);
  }
  const children = cli.children();
  const workers = children.filter(({ title }) => title.startsWith('aiperf worker_'));
  expect(workers).toHaveLength(2);
  const [victim] = workers;
  if (victim === undefined) throw new Error('no worker');
  process.kill(victim.pid, 'SIGKILL');
  const { exitCode, stderr } = await cli.exited;
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`${victim.title.replace('aiperf ', '')} (pid ${victim.pid}) was killed by SIGKILL`);
  await untilGone(children);
  expect(await readdir(place.privateParent)).toEqual([]);

  const summary = JSON.parse(readFileSync(join(place.results(), 'profile_export_aiperf.json'), 'utf8')) as {
    readonly quality: { readonly load: readonly LoadCounts[] };
  };
  const counts = summary.quality.load.find(({ phase }) => phase === 'profiling');
  if (counts === undefined) throw new Error('the result does not say what became of the load');
  const { sent, completed, failed, cancelled, lost } = counts;
  expect(sent).toBe(completed + failed + cancelled + lost);
  expect(lost).toBeGreaterThan(0);
  // Whatever the server has answered was sent.
  expect(await server.succeeded()).toBeLessThanOrEqual(sent);
  expect(completed).toBeGreaterThanOrEqual(ANSWERS_BEFORE - SLOTS);
  // Answers whose records were still with the worker that died are no rows.
  const rows = readRows(place.results());
  expect(new Set(rows.map(({ x_request_id }) => x_request_id)).size).toBe(rows.length);
  expect(rows.length).toBeLessThanOrEqual(completed + failed + cancelled);
  expect(rows.length).toBeGreaterThan(0);
});
