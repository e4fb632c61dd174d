import { expect, test } from 'vitest';
import { drawDurationMs, drawPositiveLength } from './distributions.ts';
import { createRandomSource } from './random.ts';

test.for([
  [550, 0, 550, 'no spread'],
  [0, 0, 1, 'a mean of 0 still has one token'],
  [0.4, 0, 1, 'below one'],
  [12.5, 0, 13, 'half is rounded up'],
  [0, 0.001, 1, 'hardly anything of the distribution reaches 1'],
] as const)('mean %d, stddev %d gives %d: %s', ([mean, stddev, expected]) => {
  const random = createRandomSource(1).stream('lengths');
  expect(drawPositiveLength(random, mean, stddev)).toBe(expected);
});

test('the mean of many lengths is the mean asked for', () => {
  const random = createRandomSource(2).stream('lengths');
  const lengths = Array.from({ length: 40_000 }, () => drawPositiveLength(random, 100, 20));
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  // Five standard deviations of the mean: 5 * 20 / 200.
  expect(Math.abs(mean - 100)).toBeLessThan(0.5);
  expect(lengths.every(Number.isInteger)).toBe(true);
});

test('lengths below 1 are drawn again, not clamped', () => {
  const random = createRandomSource(3).stream('lengths');
  const lengths = Array.from({ length: 20_000 }, () => drawPositiveLength(random, 2, 4));
  expect(Math.min(...lengths)).toBe(1);
  // Of the values kept, N(2, 4) has 15 % in [0.5, 1.5); clamping would give 45 %.
  const ones = lengths.filter((length) => length === 1).length / lengths.length;
  expect(ones).toBeGreaterThan(0.12);
  expect(ones).toBeLessThan(0.18);
});

test.for([
  [100, 0, 100],
  [0, 0, 0],
  [0.25, 0, 0.25],
] as const)('a time with mean %d ms and stddev %d draws nothing and is %d ms', ([mean, stddev, expected]) => {
  const random = createRandomSource(1).stream('delays');
  expect(drawDurationMs(random, mean, stddev)).toBe(expected);
  expect(random.nextUniform()).toBe(createRandomSource(1).stream('delays').nextUniform());
});

test('times are spread as asked and never below 0', () => {
  const random = createRandomSource(5).stream('delays');
  const far = Array.from({ length: 20_000 }, () => drawDurationMs(random, 1000, 100));
  const mean = far.reduce((sum, time) => sum + time, 0) / far.length;
  // Five standard deviations of the mean: 5 * 100 / sqrt(20,000).
  expect(Math.abs(mean - 1000)).toBeLessThan(3.6);
  const near = Array.from({ length: 20_000 }, () => drawDurationMs(random, 10, 20));
  expect(Math.min(...near)).toBeGreaterThanOrEqual(0);
  // Drawn again, not clamped: a time of exactly 0 does not happen.
  expect(near.filter((time) => time === 0)).toEqual([]);
});
