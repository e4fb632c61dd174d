import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { HeadQueue } from './head-queue.ts';

test('heads go out in order, a few a turn of the event loop and none at once', async () => {
  const queue = new HeadQueue();
  const written: number[] = [];
  for (let index = 0; index < 5; index += 1) queue.add({ writeHead: () => written.push(index) });
  const counts = [written.length];
  for (let turn = 0; turn < 4; turn += 1) {
    await nextTurn();
    counts.push(written.length);
  }
  expect(counts).toEqual([0, 2, 4, 5, 5]);
  queue.add({ writeHead: () => written.push(5) });
  await nextTurn();
  expect(written).toEqual([0, 1, 2, 3, 4, 5]);
});

test('nothing is written after the queue is closed', async () => {
  const queue = new HeadQueue();
  let count = 0;
  queue.add({ writeHead: () => (count += 1) });
  queue.close();
  await nextTurn();
  expect(count).toBe(0);
});
