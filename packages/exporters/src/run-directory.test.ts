import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRunDirectory } from './run-directory.ts';
import { temporaryFolder } from '@aiperf/records/testing';

describe('createRunDirectory', () => {
  test('a default name that is taken gets the next number', async () => {
    await using folder = await temporaryFolder();
    const wanted = join(folder.path, 'artifacts', 'model-openai-chat-concurrency1');
    const made = [];
    for (let i = 0; i < 3; i += 1) made.push(await createRunDirectory(wanted, { given: false }));
    expect(made).toEqual([wanted, `${wanted}-2`, `${wanted}-3`]);
  });

  test('runs started together get different directories', async () => {
    await using folder = await temporaryFolder();
    const wanted = join(folder.path, 'a');
    const made = await Promise.all(Array.from({ length: 6 }, () => createRunDirectory(wanted, { given: false })));
    expect(new Set(made).size).toBe(6);
  });

  test('a given directory may exist and hold other files', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'notes.txt'), 'x');
    expect(await createRunDirectory(folder.path, { given: true })).toBe(folder.path);
    expect(await readdir(folder.path)).toEqual(['notes.txt']);
  });

  test('a given directory is made with its parents', async () => {
    await using folder = await temporaryFolder();
    const wanted = join(folder.path, 'a', 'b');
    expect(await createRunDirectory(wanted, { given: true })).toBe(wanted);
    expect((await stat(wanted)).isDirectory()).toBe(true);
  });

  test.for(['profile_export.arrow', 'profile_export_aiperf.json'])(
    'a given directory with %s is refused by name',
    async (name) => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, name), 'x');
      await expect(createRunDirectory(folder.path, { given: true })).rejects.toMatchObject({
        code: 'AIPERF_EXPORT_ALREADY_EXISTS',
        message: expect.stringContaining(name) as string,
      });
    },
  );

  test.for([true, false])('a file in the way is said (given: %s)', async (given) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), 'x');
    const wanted = given ? join(folder.path, 'file') : join(folder.path, 'file', 'run');
    await expect(createRunDirectory(wanted, { given })).rejects.toMatchObject({
      code: 'AIPERF_EXPORT_NOT_WRITABLE',
      message: expect.stringContaining('--artifact-dir') as string,
    });
  });

  test.skipIf(process.getuid?.() === 0)(
    'a directory without write permission is said (root may write everywhere)',
    async () => {
      await using folder = await temporaryFolder();
      const wanted = join(folder.path, 'locked');
      await mkdir(wanted, { mode: 0o500 });
      await expect(createRunDirectory(wanted, { given: true })).rejects.toMatchObject({
        code: 'AIPERF_EXPORT_NOT_WRITABLE',
      });
    },
  );
});
