import { access, chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chatStream, type ChatServer, startChatServer } from './support/chat-server.ts';
import { runCli } from './support/cli.ts';
import { closeServer, freePortOffset, listenOn } from './support/ports.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { COMPILE_CACHE, workplace } from './support/workplace.ts';

const goodServer = (): Promise<ChatServer> => startChatServer(({ socket }) => void socket.write(chatStream('one')));

/** Directories that may be written to in spite of their mode: by root. */
const isRoot = process.getuid?.() === 0;

describe('the command line', () => {
  test('every problem is said at once, with the nearest valid name, and nothing is started', async () => {
    await using server = await goodServer();
    await using folder = await temporaryFolder();
    const options = { cwd: folder.path, env: { TMPDIR: folder.path, NODE_COMPILE_CACHE: COMPILE_CACHE } };
    const { exitCode, stdout, stderr } = await runCli(
      [
        'profile',
        '-u',
        server.url,
        '--concurency',
        '4',
        '--request-count',
        'many',
        '--endpoint-type',
        'chatt',
        '--benchmark-grace-period',
        '3',
        'stray',
      ],
      options,
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    // One for each: unknown flag, wrong value, wrong choice, missing companion, stray word, missing model.
    for (const words of [
      '--concurrency',
      '--request-count',
      '"many"',
      'chat',
      '--benchmark-duration',
      'stray',
      '--model',
    ]) {
      expect(stderr).toContain(words);
    }
    expect(server.requests).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test.for([
    [['profil'], 'did you mean profile'],
    [['mock-server', '--tftt-ms', '5'], 'did you mean --ttft-ms'],
    [['mock-server', '--port', '70000'], '65535'],
    [['recover'], 'Usage'],
    [['recover', 'a', 'b'], 'Usage'],
  ] as const)('%s: exit 2', async ([args, words]) => {
    await using folder = await temporaryFolder();
    const { exitCode, stderr } = await runCli(args, { cwd: folder.path });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
  });

  test.for([
    [['--help'], 'profile'],
    [['profile', '--help'], '--request-rate'],
    [['mock-server', '--help'], '--ttft-ms'],
    [['recover', '--help'], 'RUN_DIRECTORY'],
  ] as const)('%s: help on standard output, exit 0', async ([args, words]) => {
    await using folder = await temporaryFolder();
    const { exitCode, stdout, stderr } = await runCli(args, { cwd: folder.path });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain(words);
  });
});

describe('what cannot be used is said before the first request, with exit code 2', () => {
  test('a directory with the results of another run, which stay as they are', async () => {
    await using server = await goodServer();
    await using place = await workplace();
    await mkdir(place.results());
    await writeFile(join(place.results(), 'profile_export.jsonl'), 'mine');
    const { exitCode, stderr } = await place.profile(server.url, []);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`${place.results()} already holds the results of a run`);
    expect(server.requests).toEqual([]);
    expect(await readdir(place.results())).toEqual(['profile_export.jsonl']);
  });

  test.skipIf(isRoot)('a directory that may not be written to (root may write everywhere)', async () => {
    await using server = await goodServer();
    await using place = await workplace();
    await mkdir(place.results());
    await chmod(place.results(), 0o555);
    const { exitCode, stderr } = await place.profile(server.url, []);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(place.results());
    expect(server.requests).toEqual([]);
  });

  test('a file where the directory should be', async () => {
    await using server = await goodServer();
    await using place = await workplace();
    await writeFile(place.results(), 'a file');
    const { exitCode, stderr } = await place.profile(server.url, []);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`results cannot be written to ${place.results()}`);
    expect(server.requests).toEqual([]);
  });

  test.for([5557, 5564, 5661, 5663, 5666])('port %i in use on a TCP bus', async (port) => {
    await using server = await goodServer();
    await using place = await workplace();
    const offset = await freePortOffset();
    const blocker = await listenOn(port + offset);
    try {
      const bus = ['--zmq-host', '127.0.0.1', '--zmq-port-offset', String(offset)];
      const { exitCode, stderr } = await place.profile(server.url, bus);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
      expect(stderr).toContain(String(port + offset));
      expect(server.requests).toEqual([]);
      expect(await readdir(place.privateParent)).toEqual([]);
    } finally {
      await closeServer(blocker);
    }
  });

  test('a TMPDIR that does not exist and cannot be made', async () => {
    await using server = await goodServer();
    await using place = await workplace();
    const file = join(place.path, 'file');
    await writeFile(file, '');
    const { exitCode, stderr } = await place.profile(server.url, [], { env: { TMPDIR: join(file, 'below') } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('TMPDIR');
    expect(server.requests).toEqual([]);
  });

  test('a tokenizer that is not there', async () => {
    await using server = await goodServer();
    await using place = await workplace();
    const { exitCode, stderr } = await place.profile(server.url, [], { tokenizer: './no-such-folder' });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2 });
    expect(stderr).toContain('no-such-folder');
    expect(server.requests).toEqual([]);
    await expect(access(join(place.results(), 'profile_export_aiperf.json'))).rejects.toThrow('ENOENT');
  });
});
