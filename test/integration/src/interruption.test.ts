import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { chatEvent, chatStream, type ChatServer, startChatServer, STREAM_HEAD } from './support/chat-server.ts';
import { untilGone } from './support/cli.ts';
import { hasSummary, logOf, readJsonl, readRows, readSummary, untilLogged } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

const GOOD = 20;
const STUCK = 4;
const LOAD = ['--streaming', '--concurrency', String(STUCK), '--request-count', '1000', '--workers-max', '2'];

/** Answers the first requests; those that follow get a first token and no end. */
const stuckServer = (): Promise<ChatServer> =>
  startChatServer(({ index, socket }) => {
    socket.write(index < GOOD ? chatStream('one', ' two') : STREAM_HEAD + chatEvent({ content: 'one' }));
  });

test.for(['SIGINT', 'SIGTERM'] as const)(
  '%s once: exit 130, what was completed is in every file, what was in flight is marked cancelled',
  async (signal) => {
    await using server = await stuckServer();
    await using place = await workplace();
    await using cli = place.startProfile(server.url, LOAD);
    await server.received(GOOD + STUCK);
    const children = cli.children();
    expect(children.map(({ title }) => title.replace(/_[0-9a-f]{8}$/u, '')).toSorted()).toEqual([
      'aiperf record_processor',
      'aiperf timing_manager',
      'aiperf worker',
      'aiperf worker',
    ]);
    cli.signal(signal);
    const { exitCode, stdout, stderr } = await cli.exited;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('Press Ctrl-C again to leave at once');
    expect(stderr).not.toContain('ERROR');
    await untilGone(children);

    const rows = readRows(place.results());
    expect(rows.filter(({ valid }) => valid)).toHaveLength(GOOD);
    expect(rows.filter(({ was_cancelled }) => was_cancelled)).toHaveLength(STUCK);
    expect(rows).toHaveLength(GOOD + STUCK);
    expect(server.requests).toHaveLength(GOOD + STUCK);
    const summary = readSummary(place.results());
    expect(summary).toMatchObject({ was_cancelled: true, request_count: { avg: GOOD }, error_summary: [] });
    expect(readJsonl(place.results()).filter(({ metadata }) => metadata.was_cancelled)).toHaveLength(STUCK);
    expect(stdout).toContain('Time to First Token');
    expect(logOf(place.results())).toContain(`${GOOD} completed, 0 failed, ${STUCK} cancelled, 0 lost`);
    expect(await readdir(place.privateParent)).toEqual([]);
  },
);

test.for([
  ['SIGINT', 'SIGINT'],
  ['SIGTERM', 'SIGINT'],
] as const)('%s, then %s while it still works: out at once, and no process is left', async ([first, second]) => {
  await using server = await stuckServer();
  await using place = await workplace();
  await using cli = place.startProfile(server.url, LOAD);
  await server.received(GOOD + STUCK);
  const children = cli.children();
  expect(children).toHaveLength(4);
  cli.signal(first);
  await cli.printed(/Press Ctrl-C again/u);
  cli.signal(second);
  const { exitCode } = await cli.exited;
  expect(exitCode).toBe(130);
  await untilGone(children);
  expect(await readdir(place.privateParent)).toEqual([]);
});

test.for(['Starting', 'bus connected', 'registered'])(
  'a signal during the start (%s): exit 130, nothing was sent, no process is left',
  async (moment) => {
    await using server = await stuckServer();
    await using place = await workplace();
    // Making so many prompts takes long enough for every moment of the start to come before the load.
    const args = [...LOAD, '--num-prompts', '100000', '--log-level', 'debug'];
    await using cli = place.startProfile(server.url, args, { ui: 'simple' });
    await (moment === 'Starting' ? cli.printed(/Starting/u) : untilLogged(place.results(), moment));
    const children = cli.children();
    cli.signal('SIGINT');
    const { exitCode, stderr } = await cli.exited;
    expect({ exitCode, errors: stderr.includes('ERROR') }).toEqual({ exitCode: 130, errors: false });
    await untilGone(children);
    expect(server.requests).toEqual([]);
    expect(hasSummary(place.results())).toBe(false);
    expect(await readdir(place.privateParent)).toEqual([]);
  },
);

test('interrupted before anything was completed: the cancelled requests are still in the record file', async () => {
  await using server = await startChatServer(() => undefined);
  await using place = await workplace();
  await using cli = place.startProfile(server.url, LOAD);
  await server.received(STUCK);
  cli.signal('SIGINT');
  const { exitCode, stderr } = await cli.exited;
  expect({ exitCode, errors: stderr.includes('ERROR') }).toEqual({ exitCode: 130, errors: false });
  const rows = readRows(place.results());
  expect(rows).toHaveLength(STUCK);
  for (const row of rows) expect(row).toMatchObject({ was_cancelled: true, valid: false });
  expect(await readdir(place.privateParent)).toEqual([]);
});

test('interrupted at the very first request: what was sent is in the record file', async () => {
  const arrived = Promise.withResolvers<void>();
  await using server = await startChatServer(() => arrived.resolve());
  await using place = await workplace();
  await using cli = place.startProfile(server.url, LOAD);
  await arrived.promise;
  // The answer to the start command is on its way to the main process at this moment, or has just come.
  cli.signal('SIGINT');
  const { exitCode, stderr } = await cli.exited;
  expect({ exitCode, errors: stderr.includes('ERROR') }).toEqual({ exitCode: 130, errors: false });
  const rows = readRows(place.results());
  expect(rows).toHaveLength(server.requests.length);
  for (const row of rows) expect(row).toMatchObject({ was_cancelled: true, valid: false });
});

test('interrupted in a warm-up: its rows are kept, no profiling row is made up', async () => {
  await using server = await startChatServer(({ index, socket }) => {
    if (index < 3) socket.write(chatStream('one'));
  });
  await using place = await workplace();
  await using cli = place.startProfile(server.url, [...LOAD, '--warmup-request-count', '50']);
  await server.received(3 + STUCK);
  cli.signal('SIGINT');
  const { exitCode } = await cli.exited;
  expect(exitCode).toBe(130);
  const rows = readRows(place.results());
  expect(rows.filter(({ valid }) => valid)).toHaveLength(3);
  expect(rows.filter(({ was_cancelled }) => was_cancelled)).toHaveLength(STUCK);
  expect(new Set(rows.map(({ benchmark_phase }) => benchmark_phase))).toEqual(new Set(['warmup']));
});
