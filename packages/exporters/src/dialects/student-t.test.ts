import { expect, test } from 'vitest';
import { studentT95 } from './student-t.ts';

test.for([
  [1, 12.706204736],
  [2, 4.30265273],
  [3, 3.182446305],
  [10, 2.228138852],
  [30, 2.042272456],
  [120, 1.979930405],
])('as tables of the t distribution say for %d', ([degreesOfFreedom = 0, quantile = 0], { expect: expectHere }) => {
  expectHere(studentT95(degreesOfFreedom)).toBeCloseTo(quantile, 8);
});

test('the two ways of computing meet', () => {
  const [below, above] = [studentT95(999), studentT95(1000)];
  expect(below - above).toBeGreaterThan(0);
  expect(below - above).toBeLessThan(3e-6);
  expect(studentT95(1e9)).toBeCloseTo(1.959963985, 8);
});
