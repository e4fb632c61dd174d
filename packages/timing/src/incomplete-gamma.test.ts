import { assert as assertProperty, double, property } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gammaShareBelow, logGamma } from './incomplete-gamma.ts';

/** `scipy.special.gammainc` of SciPy 1.17.1. */
const GAMMA_SHARES = [
  [0.1, 0.01, 0.6626212599544796],
  [0.1, 2, 0.9943261760201885],
  [0.5, 0.5, 0.6826894921370859],
  [0.5, 4, 0.9953222650189527],
  [2, 0.3, 0.03693631311376678],
  [2, 2, 0.5939941502901616],
  [2, 9, 0.9987659019591332],
  [4, 1, 0.01898815687615381],
  [4, 4.5, 0.657704044165409],
  [10, 3, 0.0011024881301154815],
  [10, 10, 0.5420702855281478],
  [10, 30, 0.9999928782491372],
  [100, 80, 0.0171083130351331],
  [100, 100, 0.5132987982791487],
  [100, 125, 0.9906208683311739],
  [1000, 950, 0.055054686230738045],
  [1000, 1080, 0.9933533953588841],
] as const;

describe('gammaShareBelow', () => {
  test.for(GAMMA_SHARES)('P(%d, %d) is %d', ([shape, x, share]) => {
    expect(Math.abs(gammaShareBelow(shape, x) - share)).toBeLessThanOrEqual(share * 1e-12);
  });

  test('with shape 1 it is the exponential law', () => {
    assertProperty(
      property(double({ min: 0, max: 30, noNaN: true }), (x) => {
        expect(gammaShareBelow(1, x)).toBeCloseTo(-Math.expm1(-x), 13);
      }),
    );
  });

  test('it rises from 0 to 1 and stays within', () => {
    assertProperty(
      property(double({ min: 1e-3, max: 500, noNaN: true }), double({ min: 0, max: 1000, noNaN: true }), (shape, x) => {
        const share = gammaShareBelow(shape, x);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThanOrEqual(1);
        expect(gammaShareBelow(shape, x * 1.1)).toBeGreaterThanOrEqual(share - 1e-14);
      }),
    );
    expect([gammaShareBelow(2, 0), gammaShareBelow(2, -1), gammaShareBelow(2, Number.POSITIVE_INFINITY)]).toEqual([
      0, 0, 1,
    ]);
  });
});

describe('logGamma', () => {
  test('is that of factorials', () => {
    let factorial = 1;
    for (let n = 1; n <= 20; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 12);
      factorial *= n;
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 14);
  });
});
