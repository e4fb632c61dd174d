import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { CLI_PATH } from './support/cli.ts';
import { startMock } from './support/mock.ts';
import { hasSummary, readRows, readSummary } from './support/run-results.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { workplace } from './support/workplace.ts';

const LOAD = ['--streaming', '--concurrency', '4', '--osl', '4', '--request-count', '20', '--isl', '16'];

test('a reader that closes the pipe costs neither the run nor its files', async () => {
  await using server = await startMock();
  await using folder = await temporaryFolder();
  const args = ['profile', '-m', 'mock', '-u', server.url, '--tokenizer', 'builtin', '--artifact-dir', 'run', ...LOAD];
  const child = spawn(process.execPath, [CLI_PATH, ...args, '--ui', 'simple'], { cwd: folder.path, stdio: 'pipe' });
  child.stdout.destroy();
  child.stderr.destroy();
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  expect(exitCode).toBe(0);
  expect(hasSummary(join(folder.path, 'run'))).toBe(true);
});

test('mock-server: the first line is its URL, and SIGTERM ends it with exit code 0', async () => {
  await using folder = await temporaryFolder();
  const child = spawn(process.execPath, [CLI_PATH, 'mock-server', '--port', '0'], { cwd: folder.path, stdio: 'pipe' });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  expect(line).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/u);
  const models = await fetch(`${line.trim()}/v1/models`, { headers: { Connection: 'close' } });
  expect(await models.json()).toMatchObject({ data: [{ id: 'mock' }] });
  child.kill('SIGTERM');
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  expect(exitCode).toBe(0);
});

test('without --artifact-dir each run gets a directory of its own', async () => {
  await using server = await startMock();
  await using folder = await temporaryFolder();
  const args = ['profile', '-m', 'org/mock', '-u', server.url, '--tokenizer', 'builtin', ...LOAD];
  for (let run = 0; run < 2; run += 1) {
    const child = spawn(process.execPath, [CLI_PATH, ...args], { cwd: folder.path, stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  }
  const names = await readdir(join(folder.path, 'artifacts'));
  expect(names.toSorted()).toEqual(['org_mock-openai-chat-concurrency4', 'org_mock-openai-chat-concurrency4-2']);
  for (const name of names) {
    expect(readRows(join(folder.path, 'artifacts', name))).toHaveLength(20);
    expect(readSummary(join(folder.path, 'artifacts', name))).toMatchObject({ request_count: { avg: 20 } });
  }
});

/** A small file system of its own, where this may be mounted. */
async function smallDisk(): Promise<(AsyncDisposable & { readonly path: string }) | undefined> {
  const folder = await temporaryFolder();
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=192k', 'tmpfs', folder.path]);
  if (status !== 0) {
    await folder[Symbol.asyncDispose]();
    return undefined;
  }
  return {
    path: folder.path,
    async [Symbol.asyncDispose]() {
      spawnSync('umount', [folder.path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('a disk that fills up ends the run at once, with the reason (needs the right to mount)', async ({ skip }) => {
  await using disk = await smallDisk();
  if (disk === undefined) return skip('needs the right to mount a tmpfs');
  await using server = await startMock({ itlMs: 1 });
  await using place = await workplace();
  const args = ['--streaming', '--concurrency', '8', '--osl', '4', '--request-count', '100000', '--num-prompts', '100'];
  const { exitCode, stderr } = await place.profile(server.url, args, {
    name: relative(place.path, join(disk.path, 'run')),
  });
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/profile_export\.arrow failed: ENOSPC/u);
  expect(stderr).not.toContain('did not end');
  expect(await readdir(place.privateParent)).toEqual([]);
});
