import { createRandomSource } from '@aiperf/dataset';
import type { RandomStream } from '@aiperf/dataset';
import { expect, test } from 'vitest';
import { createCancellationPlan } from './cancellation.ts';

const random = (seed: number): RandomStream => createRandomSource(seed).stream('cancellation');

const draw = (ratePercent: number, delaySec: number, seed = 1, count = 10_000): number[] => {
  const plan = createCancellationPlan({ ratePercent, delaySec }, random(seed));
  return Array.from({ length: count }, () => plan.nextCancelAfterNs());
};

test('the share that is asked for is cancelled, after the delay', () => {
  const values = draw(30, 0.25);
  const cancelled = values.filter((value) => !Number.isNaN(value));
  expect(new Set(cancelled)).toEqual(new Set([250_000_000]));
  // Standard deviation of the count is sqrt(10,000 x 0.3 x 0.7) = 46.
  expect(Math.abs(cancelled.length - 3000)).toBeLessThan(140);
});

test('all and none', () => {
  expect(draw(100, 0, 1, 1000)).toEqual(Array.from({ length: 1000 }, () => 0));
  expect(draw(0, 1, 1, 1000).every(Number.isNaN)).toBe(true);
});

test('the same seed cancels the same requests; a higher share cancels those and more', () => {
  expect(draw(30, 1)).toEqual(draw(30, 1));
  expect(draw(30, 1)).not.toEqual(draw(30, 1, 2));
  const more = draw(50, 1);
  expect(draw(30, 1).every((value, k) => Number.isNaN(value) || more[k] === value)).toBe(true);
});

test('without a cancellation nothing is drawn', () => {
  const stream: RandomStream = {
    ...random(1),
    nextUniform: () => {
      throw new Error('drawn');
    },
  };
  expect(createCancellationPlan(undefined, stream).nextCancelAfterNs()).toBeNaN();
});
