import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandomSource } from './random.ts';
import { createSampler } from './sampler.ts';
import type { SamplingStrategy } from './sampler.ts';

function draw(strategy: SamplingStrategy, count: number, draws: number, seed = 1): number[] {
  const sampler = createSampler(strategy, count, createRandomSource(seed).stream('sampler'));
  return Array.from({ length: draws }, () => sampler.next());
}

test('sequential goes through the dataset and begins again', () => {
  expect(draw('sequential', 3, 8)).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
});

test('random draws with replacement from all', () => {
  const drawn = draw('random', 50, 5000);
  expect(new Set(drawn).size).toBe(50);
  expect(new Set(drawn.slice(0, 50)).size).toBeLessThan(50);
});

describe('shuffle', () => {
  test('has every conversation once in each pass', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (count, passes, seed) => {
        const drawn = draw('shuffle', count, count * passes, seed);
        const all = Array.from({ length: count }, (_, index) => index);
        for (let pass = 0; pass < passes; pass += 1) {
          expect(drawn.slice(pass * count, (pass + 1) * count).sort((a, b) => a - b)).toEqual(all);
        }
      }),
    );
  });

  test('puts each pass into a new order', () => {
    const drawn = draw('shuffle', 40, 80);
    expect(drawn.slice(0, 40)).not.toEqual(drawn.slice(40));
  });

  test('makes every order equally likely', () => {
    const sampler = createSampler('shuffle', 3, createRandomSource(9).stream('orders'));
    const counts = new Map<string, number>();
    for (let pass = 0; pass < 6000; pass += 1) {
      const order = [sampler.next(), sampler.next(), sampler.next()].join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 1000 expected of each, standard deviation 29.
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

test.for(['sequential', 'random', 'shuffle'] as const)('%s repeats with the same seed', (strategy) => {
  expect(draw(strategy, 30, 100, 7)).toEqual(draw(strategy, 30, 100, 7));
  expect(() => draw(strategy, 0, 1)).toThrow('not a number of conversations');
});
