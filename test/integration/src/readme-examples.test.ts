import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const MAX_LINES = 20;

const packages = (await readdir(join(root, 'packages')))
  .map((name) => join('packages', name))
  .concat(join('apps', 'mock-server'));

test.for(packages)('the example in the README of %s is short, runs and prints', async (name) => {
  const directory = join(root, name);
  const readme = await readFile(join(directory, 'README.md'), 'utf8');
  const examples = [...readme.matchAll(/^```ts\n([^]*?)^```$/gmu)].map(([, code]) => code ?? '');
  expect(examples).toHaveLength(1);
  const [code = ''] = examples;
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES);

  // Inside the package, so that it imports itself by its public name, as a user does.
  const folder = join(directory, 'dist', `readme-example-${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    const file = join(folder, 'example.ts');
    await writeFile(file, code);
    const { stdout } = await run(process.execPath, ['-C', '@aiperf/source', file], { cwd: folder, timeout: 60_000 });
    expect(stdout.trim()).not.toBe('');
  } finally {
    await rm(folder, { recursive: true });
  }
});
