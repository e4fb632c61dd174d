import { array, assert, bigInt, double, integer, oneof, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { JsonBytes, JsonPiece } from './json-bytes.ts';
import { pythonFloat } from './number-format.ts';

function written(write: (out: JsonBytes) => void): string {
  const out = new JsonBytes();
  write(out);
  return Buffer.from(out.view).toString('utf8');
}

test('any 64-bit integer is printed exactly', () => {
  const same = (value: bigint): void => {
    const [low = 0, high = 0] = new Uint32Array(BigInt64Array.of(value).buffer);
    expect(written((out) => out.int64(low, high))).toBe(String(value));
  };
  for (const bits of [0n, 1n, 29n, 30n, 31n, 32n, 53n, 62n]) for (const near of [-1n, 0n, 1n]) same(2n ** bits + near);
  for (const value of [-(2n ** 63n), 2n ** 63n - 1n, -1n, 999_999_999n, 1_000_000_000n, 1_795_333_656_021_402_123n])
    same(value);
  assert(property(bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), same), { numRuns: 1000 });
  assert(property(bigInt({ min: 0n, max: 10n ** 10n }), same), { numRuns: 500 });
});

test('a millionth is printed as the nearest double is', () => {
  const same = (value: number): void => {
    expect(written((out) => out.millionths(value))).toBe(pythonFloat(value / 1e6));
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
  ])
    same(value);
  assert(property(integer({ min: 0, max: 1e12 }), same), { numRuns: 1000 });
  assert(property(integer({ min: 1e14, max: 2e15 }), same), { numRuns: 1000 });
});

test('integers and doubles are printed as numbers are', () => {
  assert(
    property(integer({ min: -1e12, max: 1e12 }), double({ noNaN: true, noDefaultInfinity: true }), (whole, any) => {
      expect(written((out) => out.integer(whole))).toBe(String(whole));
      expect(written((out) => out.float(any))).toBe(pythonFloat(any));
    }),
  );
});

test('text is quoted as JSON has it', () => {
  assert(
    property(string({ unit: 'binary' }), (text) => {
      const bytes = Buffer.from(`xx${text}yy`);
      const json = written((out) => out.quoted(bytes, 2, bytes.length - 2));
      expect(JSON.parse(json)).toBe(text);
    }),
  );
});

test('grows beyond its first size and takes back', () => {
  const out = new JsonBytes();
  const chunk = new JsonPiece('a'.repeat(700_000));
  out.raw(chunk);
  out.raw(chunk);
  expect(out.length).toBe(1_400_000);
  out.truncate(3);
  out.integer(42);
  expect(Buffer.from(out.view).toString()).toBe('aaa42');
});

test('pieces of any length come out whole, whatever follows', () => {
  assert(
    property(array(oneof(string({ unit: 'binary', maxLength: 9 }), integer({ min: 0, max: 99 }))), (parts) => {
      const bytes = written((out) => {
        for (const part of parts) {
          if (typeof part === 'string') out.raw(new JsonPiece(part));
          else out.integer(part);
        }
      });
      expect(bytes).toBe(parts.map((part) => Buffer.from(String(part)).toString()).join(''));
    }),
  );
});

test('a double is printed as Python does', () => {
  const same = (value: number): void => {
    expect(written((out) => out.float(value))).toBe(pythonFloat(value));
  };
  for (const value of [0, -0, 1, -1, 9, 10, 550, 2 ** 31 - 1, 2 ** 31, 1e16, 0.5, 1e-7]) same(value);
  assert(property(double({ noNaN: true, noDefaultInfinity: true }), same));
  assert(property(integer(), same));
});
