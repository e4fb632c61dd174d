import { describe, expect, test } from 'vitest';
import { editDistance, nearestName } from './nearest-name.ts';

describe('editDistance', () => {
  test.for([
    ['', '', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
    ['--osl', '--isl', 1],
  ] as const)('%s to %s takes %i steps', ([from, to, steps]) => {
    expect(editDistance(from, to)).toBe(steps);
    expect(editDistance(to, from)).toBe(steps);
  });
});

describe('nearestName', () => {
  const names = ['--concurrency', '--request-rate', '--request-count', '--isl'];

  test.for([
    ['--concurency', '--concurrency', 'a letter left out'],
    ['--Request-Rat', '--request-rate', 'another case'],
    ['--request-cnt', '--request-count', 'shortened'],
    ['--completely-different', undefined, 'nothing like it'],
    [`--${'x'.repeat(5000)}`, undefined, 'a pasted text'],
  ] as const)('%s: %s (%s)', ([typed, expected]) => {
    expect(nearestName(typed, names)).toBe(expected);
  });
});
