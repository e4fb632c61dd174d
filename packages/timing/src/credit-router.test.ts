import { expect, test } from 'vitest';
import { chooseWorker } from './credit-router.ts';
import type { RoutableWorker } from './credit-router.ts';

const worker = (id: string, sessionCount: number, slots: number | null = null): RoutableWorker => ({
  id,
  sessionCount,
  slots,
});

test.for<[string, RoutableWorker[], string | undefined, number, string | undefined]>([
  ['the least loaded', [worker('a', 3), worker('b', 1), worker('c', 2)], undefined, 0, 'b'],
  ['equal: the one whose turn it is', [worker('a', 1), worker('b', 1), worker('c', 1)], undefined, 1, 'b'],
  ['equal: the turn goes round', [worker('a', 1), worker('b', 1)], undefined, 2, 'a'],
  ['the load counts in proportion to the slots', [worker('a', 4, 8), worker('b', 3, 4)], undefined, 0, 'a'],
  ['a worker without slots never', [worker('a', 0, 0), worker('b', 9, 1)], undefined, 0, 'b'],
  ['the owner of the session, however loaded', [worker('a', 0), worker('b', 50)], 'b', 0, 'b'],
  ['an owner that is gone: by load', [worker('a', 1), worker('b', 0)], 'z', 0, 'b'],
  ['nobody', [], undefined, 0, undefined],
])('%s', ([, workers, ownerId, turn, expected]) => {
  expect(chooseWorker(workers, ownerId, turn)?.id).toBe(expected);
});
