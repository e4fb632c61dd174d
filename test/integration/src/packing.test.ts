import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

const folders = (await readdir(join(root, 'packages')))
  .map((name) => join(root, 'packages', name))
  .concat(join(root, 'apps', 'mock-server'), join(root, 'apps', 'aiperf'));

let scratch = '';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'aiperf-packing-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true });
});

async function pack(folder: string): Promise<string> {
  const { stdout } = await run('npx', ['-y', 'pnpm@12', 'pack', '--json', '--pack-destination', scratch], {
    cwd: folder,
  });
  return (JSON.parse(stdout.slice(stdout.indexOf('{'))) as { filename: string }).filename;
}

test.for(folders)('%s: publint and attw find nothing wrong in what is packed', async (folder) => {
  const tarball = await pack(folder);
  const { stdout: lint } = await run(bin('publint'), ['run', tarball, '--strict']);
  expect(lint).toContain('All good!');
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { exports?: object };
  // The command has no types to check: it exports nothing.
  if (manifest.exports === undefined) return;
  const { stdout: types } = await run(bin('attw'), [tarball, '--profile', 'esm-only', '--format', 'ascii']);
  const resolutions = types.split('\n').filter((line) => /^(node16 \(from ESM\)|bundler):/u.test(line));
  expect(resolutions.length).toBeGreaterThan(0);
  expect(resolutions.filter((line) => !line.includes('🟢'))).toEqual([]);
});

test('the packed command, installed in an empty folder, profiles its own mock server', async () => {
  const home = await mkdtemp(join(scratch, 'installed-'));
  await writeFile(join(home, 'package.json'), '{ "private": true }');
  await run('npm', ['install', '--no-audit', '--no-fund', await pack(join(root, 'apps', 'aiperf'))], { cwd: home });
  // Not through npx, which would be ended in its place.
  const server = spawn(join(home, 'node_modules', '.bin', 'aiperf'), ['mock-server', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [url] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
    const load = ['--request-count', '20', '--concurrency', '4', '--isl', '16', '--osl', '8', '--artifact-dir', 'run'];
    const { stdout } = await run(
      'npx',
      ['aiperf', 'profile', '-m', 'mock', '-u', url, '--streaming', '--ui', 'none', ...load],
      { cwd: home },
    );
    expect(stdout).toContain('Time to First Token');
    expect(await readdir(join(home, 'run'))).toContain('profile_export.arrow');
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
});
