import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { CLI_PATH } from './support/cli.ts';
import { startMock } from './support/mock.ts';
import { readRows } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

const run = promisify(execFile);
const OPEN_FILES = 256;

interface Ended {
  readonly code: number;
  readonly stderr: string;
}

/** Runs the command with few open files allowed, to it and to its children. */
async function withFewFiles(args: readonly string[]): Promise<Ended> {
  const script = `ulimit -n ${OPEN_FILES}; exec "$0" "$@"`;
  try {
    const { stderr } = await run('/bin/sh', ['-c', script, process.execPath, CLI_PATH, ...args], { timeout: 60_000 });
    return { code: 0, stderr };
  } catch (error) {
    const { code, stderr } = error as Ended;
    return { code, stderr };
  }
}

const PROFILE = ['profile', '-m', 'mock', '--tokenizer', 'builtin', '--streaming', '--isl', '16', '--osl', '2'];

test.skipIf(process.platform !== 'linux')(
  'a concurrency that needs more open files than allowed: exit 2 (needs Linux)',
  async () => {
    await using server = await startMock();
    await using place = await workplace();
    const args = [...PROFILE, '-u', server.url, '--artifact-dir', place.results(), '--concurrency', '400'];
    const { code, stderr } = await withFewFiles(args);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`${OPEN_FILES} are allowed`) as string,
    });
    expect(await server.succeeded()).toBe(0);
  },
);

test.skipIf(process.platform === 'win32')(
  'an open loop that runs out of open files: said to be the fault of the client, and the workers go on (needs a shell)',
  async () => {
    const count = 600;
    await using server = await startMock({ ttftMs: 1_500 });
    await using place = await workplace();
    const load = ['--request-rate', '2000', '--arrival-pattern', 'constant', '--request-count', String(count)];
    const { code, stderr } = await withFewFiles([
      ...PROFILE,
      '-u',
      server.url,
      '--artifact-dir',
      place.results(),
      ...load,
      '--workers-max',
      '1',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const rows = readRows(place.results());
    expect(rows).toHaveLength(count);
    expect(rows.filter(({ valid }) => valid)).toHaveLength(await server.succeeded());
    const kinds = new Set(rows.map(({ error_kind }) => error_kind));
    expect(kinds).toEqual(new Set([null, 'client_resources']));
  },
);
