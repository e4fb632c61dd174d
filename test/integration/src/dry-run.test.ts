import { existsSync, readFileSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli, type CliResult } from './support/cli.ts';
import { startMock } from './support/mock.ts';
import { readRows } from './support/run-results.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { workplace } from './support/workplace.ts';

/** A port at which nobody listens: a dry run must not care. */
const NO_SERVER = 'http://127.0.0.1:9';
const COMMON = [
  '-m',
  'mock',
  '--tokenizer',
  'builtin',
  '--streaming',
  '--isl',
  '16',
  '--osl',
  '8',
  '--random-seed',
  '3',
];

async function dryRun(cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  return runCli(['profile', ...COMMON, '-u', NO_SERVER, '--dry-run', ...args], { cwd, env });
}

describe('aiperf profile --dry-run', () => {
  test('the schedule of one seed is the same by one worker and by four, and so is that of a real run', async () => {
    await using server = await startMock();
    await using place = await workplace();
    const load = ['--request-rate', '400', '--request-count', '200', '--dataset-sampling-strategy', 'shuffle'];
    const schedules: string[] = [];
    for (const workers of ['1', '4']) {
      const path = join(place.path, `schedule-${workers}.csv`);
      const options = ['--workers-min', workers, '--workers-max', workers, '--dry-run-schedule', path];
      expect(await dryRun(place.path, [...load, ...options])).toMatchObject({ exitCode: 0, stderr: '' });
      schedules.push(readFileSync(path, 'utf8'));
    }
    expect(schedules[1]).toBe(schedules[0]);
    const planned = (schedules[0] ?? '')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([, , session, conversation, , , dueNs]) => `${session} ${conversation} ${dueNs}`);
    expect(planned).toHaveLength(200);

    const args = [...load, '--streaming', '--osl', '8', '--random-seed', '3'];
    expect(await place.profile(server.url, args)).toMatchObject({ exitCode: 0 });
    const rows = readRows(place.results()).map((row) => row as typeof row & RealSchedule);
    const firstDueNs = rows.map(({ due_offset_ns }) => due_offset_ns).reduce((a, b) => (a < b ? a : b));
    const firstPlannedNs = BigInt(planned[0]?.split(' ')[2] ?? 0);
    const real = rows
      .toSorted((a, b) => Number(a.session_num - b.session_num))
      .map((row) => `${row.session_num} ${row.conversation_id} ${row.due_offset_ns - firstDueNs + firstPlannedNs}`);
    expect(real).toEqual(planned);
  });

  test('nothing is left behind: no results, no private directory; what is printed is the forecast', async () => {
    await using folder = await temporaryFolder();
    await using temporary = await temporaryFolder();
    const load = ['--concurrency', '4', '--request-count', '40', '--warmup-request-count', '8'];
    const { exitCode, stdout, stderr } = await dryRun(
      folder.path,
      [...load, '--dry-run-ttft', '30', '--dry-run-itl', '10ms'],
      { TMPDIR: temporary.path },
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(await readdir(folder.path)).toEqual([]);
    expect((await readdir(temporary.path)).filter((name) => name.startsWith('aiperf'))).toEqual([]);
    // 8 and 40 requests of 30 + 7 x 10 ms by 4 slots.
    expect(stdout).toMatch(/Duration \(s\) +0\.200 +1\.000\n/u);
    expect(stdout).toMatch(/Requests +8 +40\n/u);
    expect(stdout).toMatch(/Requests in flight at most +4 +4\n/u);
    expect(stdout).toMatch(/Output tokens +64 +320\n/u);
    expect(stdout).toContain('30 ms to its first token and 10 ms for each further one');
  });

  test.skipIf(process.platform !== 'linux')(
    'a load that this host cannot offer: exit 2, with the number that would work (needs Linux)',
    async () => {
      await using folder = await temporaryFolder();
      const load = ['--concurrency', '70000', '--request-count', '70000', '--num-prompts', '10'];
      const { exitCode, stdout } = await dryRun(folder.path, load);
      expect(exitCode).toBe(2);
      expect(stdout).toMatch(/TOO MUCH: .*local ports.* at once would work/u);
    },
  );

  test('a schedule that cannot be played, or be written: exit 2, and nothing is overwritten', async () => {
    await using folder = await temporaryFolder();
    const trace = join(folder.path, 'trace.jsonl');
    await writeFile(
      trace,
      [0, 4000].map((timestamp) => `${JSON.stringify({ timestamp, input_length: 8, output_length: 2 })}\n`).join(''),
    );
    const path = join(folder.path, 'schedule.csv');
    const replay = ['--input-file', trace, '--custom-dataset-type', 'mooncake_trace', '--fixed-schedule'];
    const args = ['profile', '-m', 'mock', '--tokenizer', 'builtin', '-u', NO_SERVER, '--dry-run', ...replay];
    const tooLong = await runCli([...args, '--benchmark-duration', '3', '--dry-run-schedule', path], {
      cwd: folder.path,
    });
    expect(tooLong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--benchmark-duration') as string });
    expect(existsSync(path)).toBe(false);
    await writeFile(path, 'mine');
    const taken = await runCli([...args, '--dry-run-schedule', path], { cwd: folder.path });
    expect(taken).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--dry-run-schedule') as string });
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  test('its options need it', async () => {
    await using folder = await temporaryFolder();
    const args = ['profile', ...COMMON, '-u', NO_SERVER, '--dry-run-ttft', '5', '--dry-run-schedule', 'x.csv'];
    const { exitCode, stderr } = await runCli(args, { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--dry-run-ttft[^•]*--dry-run beside it/u);
    expect(stderr).toMatch(/--dry-run-schedule[^•]*--dry-run beside it/u);
  });
});

/** Columns of a real run that its schedule is known by. */
interface RealSchedule {
  readonly conversation_id: string;
  readonly due_offset_ns: bigint;
}
