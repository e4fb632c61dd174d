import { assert, double, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupedTwoDecimals, pythonFloat, twoDecimals } from './number-format.ts';

describe('pythonFloat', () => {
  test.for<[number, string]>([
    [24, '24.0'],
    [0, '0.0'],
    [-0, '-0.0'],
    [0.1 + 0.2, '0.30000000000000004'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [0.000012345, '1.2345e-05'],
    [1e-300, '1e-300'],
    [123_456_789_012_345, '123456789012345.0'],
    [9_999_999_999_999_998, '9999999999999998.0'],
    [1e16, '1e+16'],
    [1.795333656e18, '1.795333656e+18'],
    [-2.5, '-2.5'],
  ])('%d is %s', ([value, text]) => {
    expect(pythonFloat(value)).toBe(text);
  });

  test('reads back as the same number', () => {
    assert(
      property(double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(JSON.parse(pythonFloat(value))).toBe(value);
      }),
    );
  });
});

describe('twoDecimals', () => {
  test.for<[number, string]>([
    [24, '24.00'],
    [35.625, '35.62'],
    [0.125, '0.12'],
    [0.375, '0.38'],
    [0.875, '0.88'],
    [-0.125, '-0.12'],
    [-0.375, '-0.38'],
    [66.975, '66.97'],
    [1.005, '1.00'],
    [0.994_999_999, '0.99'],
    [1e22, '10000000000000000000000.00'],
  ])('%d is %s', ([value, text]) => {
    expect(twoDecimals(value)).toBe(text);
  });
});

test.for<[number, string]>([
  [1_234.56, '1,234.56'],
  [999.999, '1,000.00'],
  [1_234_567.891, '1,234,567.89'],
  [-1_234.5, '-1,234.50'],
  [12, '12.00'],
])('%d is grouped as %s', ([value, text]) => {
  expect(groupedTwoDecimals(value)).toBe(text);
});
