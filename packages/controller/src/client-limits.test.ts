import { expect, test } from 'vitest';
import { limitProblems } from './client-limits.ts';

const limits = { openFiles: 1_024, localPorts: 28_232 };

test.for([
  ['a load that fits', { connections: 900, workers: 1, servers: 1 }, []],
  [
    'one worker with too many connections',
    { connections: 1_000, workers: 1, servers: 1 },
    [/1064 open files in each, and 1024 are allowed .*; 960 at once would work/u],
  ],
  ['the same over two workers', { connections: 1_000, workers: 2, servers: 1 }, []],
  [
    'more connections than local ports',
    { connections: 30_000, workers: 40, servers: 1 },
    [/28232 for each server .*; 28232 at once would work/u],
  ],
  ['the same to two servers', { connections: 30_000, workers: 40, servers: 2 }, []],
  ['both', { connections: 90_000, workers: 1, servers: 1 }, [/open files/u, /local ports/u]],
] as const)('%s', ([, demand, patterns]) => {
  expect(limitProblems(demand, limits)).toEqual(patterns.map((pattern) => expect.stringMatching(pattern) as unknown));
  expect(limitProblems(demand, { openFiles: undefined, localPorts: undefined })).toEqual([]);
});
