import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chatEvent, chatStream, type ChatServer, startChatServer, STREAM_HEAD } from './support/chat-server.ts';
import { runCli, type RunningCli, untilGone } from './support/cli.ts';
import type { RunningProcess } from './support/process-tree.ts';
import { logOf, readRows, readRowsOfStream, type RecordRow, untilRows } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

describe('SIGKILL of one child', () => {
  const GOOD = 40;
  const STUCK = 8;
  const LOAD = [
    '--streaming',
    '--concurrency',
    String(STUCK),
    '--request-count',
    '1000',
    '--workers-max',
    '2',
    '--record-processors',
    '2',
  ];

  const victimOf = (children: readonly RunningProcess[], kind: string): RunningProcess => {
    const victim = children.find(({ title }) => title.startsWith(`aiperf ${kind}`));
    if (victim === undefined) throw new Error(`no ${kind} among ${children.map(({ title }) => title).join(', ')}`);
    return victim;
  };

  test.for([
    { kind: 'worker', fewestRows: STUCK / 2, mostLost: Number.POSITIVE_INFINITY },
    { kind: 'timing_manager', fewestRows: GOOD + STUCK, mostLost: 0 },
    { kind: 'record_processor', fewestRows: 1, mostLost: GOOD + STUCK - 1 },
  ])(
    'the $kind: the run ends by itself with exit code 1 and a line that names it; every request is a row or lost',
    async ({ kind, fewestRows, mostLost }) => {
      await using server = await startChatServer(({ index, socket }) => {
        socket.write(index < GOOD ? chatStream('one', ' two') : STREAM_HEAD + chatEvent({ content: 'one' }));
      });
      await using place = await workplace();
      await using cli = place.startProfile(server.url, LOAD);
      await server.received(GOOD + STUCK);
      const children = cli.children();
      const victim = victimOf(children, kind);
      const killedMs = performance.now();
      process.kill(victim.pid, 'SIGKILL');
      const { exitCode, stdout, stderr } = await cli.exited;
      expect(performance.now() - killedMs).toBeLessThan(30_000);
      const name = victim.title.replace('aiperf ', '');
      const line = `aiperf: ${name} (pid ${victim.pid}) was killed by SIGKILL\n`;
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(line) as string });
      expect(stderr).not.toContain('did not end');
      await untilGone(children);
      expect(await readdir(place.privateParent)).toEqual([]);

      expect(stdout).toContain('INCOMPLETE RESULTS');
      const lost = Number(/(\d+) requests left no record/u.exec(stdout)?.[1] ?? 0);
      const rows = readRows(place.results());
      expect(rows.length).toBeGreaterThanOrEqual(fewestRows);
      expect(lost).toBeLessThanOrEqual(mostLost);
      // Nobody is left to say how many were sent when it is the timing manager that died.
      const sent =
        kind === 'timing_manager'
          ? GOOD + STUCK
          : Number(/profiling ends: (\d+) sent/u.exec(logOf(place.results()))?.[1]);
      expect(rows.length + lost).toBe(sent);
      expect(sent).toBeGreaterThanOrEqual(GOOD + STUCK);
    },
  );
});

describe('SIGKILL in the middle of a run', () => {
  const LOAD = ['--streaming', '--concurrency', '8', '--request-count', '100000', '--workers-max', '2'];
  const CONTENT_MS = 20;

  /** A server that keeps the time at which it had answered each request. */
  async function steadyServer(): Promise<ChatServer & { readonly answeredMs: readonly number[] }> {
    const answeredMs: number[] = [];
    const server = await startChatServer(({ socket }) => {
      setTimeout(() => {
        socket.write(chatStream('one', ' two'));
        answeredMs.push(performance.now());
      }, CONTENT_MS);
    });
    return Object.assign(server, { answeredMs });
  }

  async function afterSomeSeconds(cli: RunningCli, runDirectory: string, server: ChatServer): Promise<void> {
    await untilRows(join(runDirectory, 'profile_export.arrow'), 100);
    await server.received(server.requests.length + 400);
    expect(cli.stderr).toBe('');
  }

  const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

  test('of the whole tree: the record file opens, up to the last second; recover gives it a footer, once', async () => {
    await using server = await steadyServer();
    await using place = await workplace();
    await using cli = place.startProfile(server.url, LOAD);
    await afterSomeSeconds(cli, place.results(), server);
    const children = cli.children();
    cli.signal('SIGKILL');
    for (const { pid } of children) process.kill(pid, 'SIGKILL');
    const killedMs = performance.now();
    expect((await cli.exited).exitCode).toBeNull();
    await untilGone(children);

    const path = join(place.results(), 'profile_export.arrow');
    const left = readRowsOfStream(path);
    const due = server.answeredMs.filter((ms) => ms < killedMs - 1_000).length;
    expect(due).toBeGreaterThan(0);
    expect(left.length).toBeGreaterThanOrEqual(due);
    expect(left.every(({ valid }) => valid)).toBe(true);

    const recovered = await runCli(['recover', place.results()], { cwd: place.path });
    expect(recovered).toMatchObject({ exitCode: 0, stdout: `${path}: ${left.length} records\n`, stderr: '' });
    const identify = ({ x_request_id, request_start_offset_ns }: RecordRow): unknown[] => [
      x_request_id,
      request_start_offset_ns,
    ];
    expect(readRows(place.results()).map(identify)).toEqual(left.map(identify));
    const before = digest(path);
    const again = await runCli(['recover', path], { cwd: place.path });
    expect(again).toMatchObject({ exitCode: 0, stdout: recovered.stdout });
    expect(digest(path)).toBe(before);
  });

  test('of the main process alone: its children end by themselves', async () => {
    await using server = await steadyServer();
    await using place = await workplace();
    await using cli = place.startProfile(server.url, LOAD);
    await afterSomeSeconds(cli, place.results(), server);
    const children = cli.children();
    expect(children.length).toBeGreaterThanOrEqual(4);
    cli.signal('SIGKILL');
    await cli.exited;
    await untilGone(children);
    expect(readRowsOfStream(join(place.results(), 'profile_export.arrow')).length).toBeGreaterThanOrEqual(100);
  });
});
