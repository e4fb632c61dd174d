import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** Nice value of the session as the kernel tells it to a process that has set it; in a process of its own. */
function niceAfterSetting(isLeader: boolean): { before: string; isDone: boolean; after: string } {
  const source = `
    import { readFileSync } from 'node:fs';
    import { setSessionNiceness } from ${JSON.stringify(new URL('../../../packages/host/src/session-niceness.ts', import.meta.url).href)};
    const read = () => readFileSync('/proc/self/autogroup', 'utf8').trim().split(' ').at(-1);
    const before = read();
    // Unprivileged processes of the whole host have to take turns.
    let isDone = false;
    while (!(isDone = setSessionNiceness(7)));
    console.log(JSON.stringify({ before, isDone, after: read() }));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
    detached: isLeader,
  } as Parameters<typeof spawnSync>[2] & { encoding: 'utf8' });
  return JSON.parse(stdout) as { before: string; isDone: boolean; after: string };
}

describe.skipIf(!existsSync('/proc/self/autogroup'))('the nice value of a session (needs /proc/self/autogroup)', () => {
  test('is set by the process that leads it', () => {
    expect(niceAfterSetting(true)).toEqual({ before: '0', isDone: true, after: '7' });
  });

  test('stays for a process that was started in it', () => {
    const { before, isDone, after } = niceAfterSetting(false);
    expect([isDone, after]).toEqual([true, before]);
  });
});
