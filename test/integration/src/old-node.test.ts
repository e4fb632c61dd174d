import { execFile } from 'node:child_process';
import { access, cp, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CLI_PATH, runCli } from './support/cli.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const run = promisify(execFile);

/** The first Node on the PATH that is too old for the command. */
async function oldNode(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    try {
      await access(node);
      const { stdout } = await run(node, ['--version']);
      const [major = 0, minor = 0] = stdout.slice(1).split('.').map(Number);
      if (major < 22 || (major === 22 && minor < 19)) return node;
    } catch {
      // No Node there.
    }
  }
  return undefined;
}

const old = await oldNode();

test.skipIf(old === undefined)(
  'an old Node is told in one line which one is needed (needs one on the PATH)',
  async () => {
    await using folder = await temporaryFolder();
    const result = await runCli(['profile', '-m', 'x'], {
      cwd: folder.path,
      ...(old === undefined ? {} : { node: old }),
    });
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(/^aiperf needs Node\.js 22\.19 or newer; this is \d+\.\d+\.\d+\.\n$/u);
  },
);

test('so it is where there is no old Node to try: nothing else is loaded before the check', async () => {
  // The entry alone, without the files that it imports later, under a version that is made up.
  await using folder = await temporaryFolder();
  const entry = join(folder.path, 'cli.js');
  await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }');
  await cp(CLI_PATH, entry);
  const version = "Object.defineProperty(process.versions, 'node', { value: '22.18.0' });";
  const { exitCode, stderr } = await runEntry(entry, version);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: 'aiperf needs Node.js 22.19 or newer; this is 22.18.0.\n',
  });
});

async function runEntry(entry: string, prelude: string): Promise<{ exitCode: number; stderr: string }> {
  const url = `data:text/javascript,${encodeURIComponent(prelude)}`;
  try {
    const { stderr } = await run(process.execPath, ['--import', url, entry]);
    return { exitCode: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as { readonly code: number; readonly stderr: string };
    return { exitCode: code, stderr };
  }
}
