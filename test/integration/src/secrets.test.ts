import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chatStream, startChatServer, wholeResponse } from './support/chat-server.ts';
import { workplace } from './support/workplace.ts';

const CANARY = 'canary-7f3a91';
const KEY = `${CANARY}-key`;
const HEADER = `${CANARY}-header`;
const FIELD = `${CANARY}-field`;
const USER = `${CANARY}-user`;

/** Every file below a directory as text, by its path. */
async function contentsOf(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)));
}

/** Says where the canary was found. */
function leaksOf(texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([name, text]) => (text.includes(CANARY) ? [name] : []));
}

describe('no secret is written anywhere', () => {
  test.for([
    {
      title: 'a key, with all logs',
      args: ['--api-key', KEY, '--header', `X-Token:${HEADER}`],
      exitCode: 0,
      status: '',
    },
    {
      title: 'user info in the URL',
      args: ['--header', `X-Token:${HEADER}`],
      userInfo: `me:${USER}@`,
      exitCode: 0,
      status: '',
    },
    {
      title: 'requests that fail',
      args: ['--api-key', KEY, '--header', `X-Token:${HEADER}`],
      exitCode: 1,
      status: '401 Unauthorized',
    },
  ])('$title', async ({ args, exitCode, status, userInfo }) => {
    await using server = await startChatServer(({ socket }) => {
      socket.write(status === '' ? chatStream('one') : wholeResponse(status, 'text/plain', 'no'));
    });
    await using place = await workplace();
    const url = server.url.replace('http://', `http://${userInfo ?? ''}`);
    const load = ['--streaming', '--request-count', '6', '--log-level', 'trace', '--extra-inputs', `key:${FIELD}`];
    const result = await place.profile(url, [...load, ...args], { ui: 'simple' });
    expect(result.exitCode).toBe(exitCode);
    // The server does get them.
    const sent = JSON.stringify(server.requests.map(({ headers }) => headers));
    expect(sent).toContain(HEADER);
    expect(sent).toContain(userInfo === undefined ? KEY : Buffer.from(`me:${USER}`).toString('base64'));

    const texts = new Map(await contentsOf(place.path));
    expect(texts.size).toBeGreaterThanOrEqual(3);
    texts.set('stdout', result.stdout);
    texts.set('stderr', result.stderr);
    // What goes into the body is what inputs.json is for.
    expect(leaksOf(texts)).toEqual([join(place.results(), 'inputs.json')]);
    expect(texts.get(join(place.results(), 'inputs.json'))).not.toMatch(new RegExp(`${KEY}|${HEADER}|${USER}`, 'u'));
  });

  test('a command line that cannot be used', async () => {
    await using place = await workplace();
    const args = ['--api-key', `${KEY}\n`, '--header', HEADER, '--concurrency', 'x'];
    const { exitCode, stdout, stderr } = await place.profile(`http://me:${USER}@127.0.0.1:99999`, args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--api-key');
    expect(leaksOf(new Map([...(await contentsOf(place.path)), ['stdout', stdout], ['stderr', stderr]]))).toEqual([]);
  });
});
