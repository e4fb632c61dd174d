import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { apportion, splitSlots } from './apportion.ts';

const FREE = Number.POSITIVE_INFINITY;

describe('splitSlots', () => {
  test.for<[string, number, number[], number[]]>([
    ['evenly', 8, [FREE, FREE], [4, 4]],
    ['the rest to the first', 7, [FREE, FREE, FREE], [3, 2, 2]],
    ['fewer slots than workers', 2, [FREE, FREE, FREE], [1, 1, 0]],
    ['round a worker with a limit', 10, [2, FREE, FREE], [2, 4, 4]],
    ['all limits together are too few', 10, [2, 3], [2, 3]],
    ['no worker', 3, [], []],
  ])('%s', ([, concurrency, limits, expected]) => {
    expect(splitSlots(concurrency, limits)).toEqual(expected);
  });

  test('adds up exactly, keeps to the limits, and a worker that goes takes nothing from the others', () => {
    const limit = fc.oneof(fc.constant(FREE), fc.nat({ max: 30 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(limit, { minLength: 2, maxLength: 8 }),
        (concurrency, limits) => {
          const slots = splitSlots(concurrency, limits);
          const room = limits.reduce((sum, value) => sum + value, 0);
          expect(slots.reduce((sum, value) => sum + value, 0)).toBe(Math.min(concurrency, room));
          expect(slots.every((value, index) => value <= (limits[index] ?? 0))).toBe(true);
          for (let gone = 0; gone < limits.length; gone += 1) {
            const after = splitSlots(concurrency, limits.toSpliced(gone, 1));
            const before = slots.toSpliced(gone, 1);
            expect(after.every((value, index) => value >= (before[index] ?? 0))).toBe(true);
          }
        },
      ),
    );
  });
});

test('apportion adds up exactly and gives nobody more than was wanted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 1000 }), { maxLength: 10 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (weights, share) => {
        const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
        const total = Math.floor(weightSum * share);
        const parts = apportion(total, weights);
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(total);
        expect(parts.every((part, index) => part >= 0 && part <= (weights[index] ?? 0))).toBe(true);
      },
    ),
  );
});
