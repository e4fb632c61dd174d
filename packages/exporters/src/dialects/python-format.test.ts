import { describe, expect, test } from 'vitest';
import { oneDecimal, roundHalfEven, rule } from './python-format.ts';

describe('numbers as Python prints them', () => {
  test.for([
    [0.25, '0.2'],
    [0.75, '0.8'],
    [1.25, '1.2'],
    [-0.25, '-0.2'],
    [0.35, '0.3'],
    [1e6 + 0.25, '1000000.2'],
    [0, '0.0'],
    [12, '12.0'],
  ] as const)('%d with one decimal', ([value, text], { expect: expectHere }) => {
    expectHere(oneDecimal(value)).toBe(text);
  });

  test.for([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.4, 2],
    [2.6, 3],
  ])('%d rounded', ([value = 0, rounded = 0], { expect: expectHere }) => {
    expectHere(roundHalfEven(value)).toBe(rounded);
  });
});

test('a title in its rule: the longer half is on the right', () => {
  expect(rule('Inter-token Latency', '-')).toBe('---------------Inter-token Latency----------------');
});
