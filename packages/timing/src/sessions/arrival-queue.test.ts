import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrivalQueue } from './arrival-queue.ts';

const everyTen = (): ArrivalQueue => {
  let next = -10;
  return new ArrivalQueue(() => (next += 10));
};

test('in order, but for what is taken from the middle', () => {
  const queue = everyTen();
  expect([queue.shift(), queue.takeFrom(25), queue.takeFrom(25), queue.takeFrom(15)]).toEqual([0, 30, 40, 20]);
  expect([queue.peek(), queue.shift(), queue.shift(), queue.shift()]).toEqual([10, 10, 50, 60]);
});

test('times that nobody wants are dropped', () => {
  const queue = everyTen();
  queue.takeFrom(50);
  queue.dropBefore(35);
  expect(queue.shift()).toBe(40);
  expect(queue.shift()).toBe(60);
});

test('no time is given away twice, none is left out, each is the first that fits', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat({ max: 3000 })), { maxLength: 300 }), (steps) => {
      const queue = everyTen();
      const taken = new Set<number>();
      const firstFree = (fromNs: number): number => {
        let timeNs = Math.ceil(fromNs / 10) * 10;
        while (taken.has(timeNs)) timeNs += 10;
        return timeNs;
      };
      for (const readyNs of steps) {
        const expected = firstFree(readyNs ?? 0);
        expect(readyNs === null ? queue.shift() : queue.takeFrom(readyNs)).toBe(expected);
        taken.add(expected);
      }
    }),
  );
});
