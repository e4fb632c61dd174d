import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makePrivateDirectory, removeLeftovers } from './private-directory.ts';

test('only the directories of processes that are gone are removed', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'private-directory-'));
  try {
    const own = await makePrivateDirectory(parent);
    const { pid: deadPid } = spawnSync(process.execPath, ['--version']);
    await mkdir(join(parent, `aiperf-run-${deadPid}-abc123`, 'dataset'), { recursive: true });
    await mkdir(join(parent, 'aiperf-run-of-somebody'));
    await removeLeftovers(parent);
    expect((await readdir(parent)).toSorted()).toEqual(
      [own.slice(parent.length + 1), 'aiperf-run-of-somebody'].toSorted(),
    );
    expect((await stat(own)).mode & 0o777).toBe(0o700);
  } finally {
    await rm(parent, { recursive: true });
  }
});
