import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadBuiltinTokenizer } from './builtin-tokenizer.ts';

const tokenizer = await loadBuiltinTokenizer('builtin');

/** Long pieces of every kind that the vocabulary's splitting knows, with ordinary text around them. */
const unbroken = fc
  .tuple(
    fc.constantFrom(
      'a',
      'ab',
      'AbC',
      '你好世界',
      '你',
      'ก็',
      '-',
      '=!',
      ' ',
      '\n',
      '/\n',
      '\t ',
      '7',
      'é',
      '😀',
      "don't",
    ),
    fc.integer({ min: 200, max: 900 }),
  )
  .map(([unit, times]) => unit.repeat(times));
const words = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.toWellFormed());

test('long unbroken text has as many tokens as it encodes to', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(unbroken, words), { minLength: 1, maxLength: 3 }), (parts) => {
      const text = parts.join('');
      expect(tokenizer.count(text)).toBe(tokenizer.encode(text).length);
    }),
    { numRuns: 60 },
  );
});

test('random letters without a space have as many tokens as they encode to', () => {
  const letters = fc.string({
    unit: fc.constantFrom('e', 't', 'a', 'o', 'i', 'n', 's', 'h', 'r', 'T', 'A', 'é', '你', '好'),
    minLength: 600,
    maxLength: 1500,
  });
  fc.assert(
    fc.property(letters, (text) => {
      expect(tokenizer.count(text)).toBe(tokenizer.encode(text).length);
    }),
    { numRuns: 25 },
  );
});

// With a search through the piece for every merge these take minutes.
test('a megabyte without a space is counted', { timeout: 60_000 }, () => {
  expect(tokenizer.count('a'.repeat(1_000_000))).toBe(125_000);
  expect(tokenizer.count('你好世界'.repeat(75_000))).toBe(150_000);
});
