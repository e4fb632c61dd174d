import { assert, bigInt, integer, property } from 'fast-check';
import { expect, test } from 'vitest';
import { int64Text, millionthsText } from './integer-text.ts';
import { pythonFloat } from './number-format.ts';

test('any 64-bit integer is printed exactly', () => {
  assert(
    property(
      bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      bigInt({ min: 0n, max: 5_000_000_000n }),
      (wide, narrow) => {
        const values = [wide, narrow, narrow, 1_795_333_656_021_402_123n + narrow];
        const text = int64Text(BigInt64Array.from(values));
        expect(values.map((_, i) => text(i))).toEqual(values.map(String));
      },
    ),
    {
      numRuns: 2000,
      examples: [
        [2n ** 63n - 1n, 999_999_999n],
        [-(2n ** 63n), 1_000_000_000n],
        [2n ** 62n, 4_294_967_296n],
      ],
    },
  );
});

test('a millionth is printed as the nearest double is', () => {
  const same = (value: number): void => {
    expect(millionthsText(value)).toBe(pythonFloat(value / 1e6));
  };
  for (const value of [
    0,
    1,
    99,
    100,
    101,
    1000,
    999_999,
    1e6,
    1_000_001,
    50_000_000,
    110_309_850,
    1e15 - 1,
    1e15,
    1e18,
    -5,
    0.5,
  ])
    same(value);
  assert(property(integer({ min: 0, max: 1e12 }), same), { numRuns: 2000 });
  assert(property(integer({ min: 1e14, max: 2e15 }), same), { numRuns: 1000 });
});
