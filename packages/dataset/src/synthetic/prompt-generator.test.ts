import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadHuggingFaceTokenizer } from '../huggingface-tokenizer.ts';
import { createRandomSource } from '../random.ts';
import { temporaryDirectory } from '../temporary-directory.test.support.ts';
import { loadTokenizer } from '../load-tokenizer.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { writeTokenizer } from '../tokenizer-fixture.test.support.ts';
import { BUILTIN_WORDS } from './builtin-words.ts';
import { createBuiltinPromptGenerator, createPromptGenerator } from './prompt-generator.ts';
import type { PromptGenerator } from './prompt-generator.ts';

async function loadFixture(words: readonly string[]): Promise<Tokenizer> {
  await using directory = await temporaryDirectory();
  // Awaited here: the directory is gone when this returns.
  const tokenizer = await loadHuggingFaceTokenizer(await writeTokenizer(directory.path, words));
  return tokenizer;
}

const builtin = (await loadTokenizer('builtin', [])).tokenizer;
const wordPieces = await loadFixture(BUILTIN_WORDS);
/** Knows no word: every letter and space is a token. */
const bytesOnly = await loadFixture([]);

/** Counts words, but one token more or less for some pairs of neighbours, as vocabularies do that reach across spaces. */
const unsteady: Tokenizer = {
  name: 'unsteady',
  encode: () => [],
  decode: () => '',
  count(text) {
    const words = text.split(' ');
    const surplus = words.map((word, index) => {
      const pair = (word.charCodeAt(0) * 31 + (words[index + 1]?.charCodeAt(0) ?? 0)) % 97;
      if (index + 1 === words.length || word === words[index + 1]) return 0;
      if (pair === 3) return 1;
      return pair === 5 ? -1 : 0;
    });
    return words.length + surplus.reduce<number>((sum, value) => sum + value, 0);
  },
  countAll: (texts) => texts.map((text) => unsteady.count(text)),
};

test('every built-in word is one token at the beginning of a text and after a space', () => {
  expect(new Set(BUILTIN_WORDS).size).toBe(BUILTIN_WORDS.length);
  expect(BUILTIN_WORDS.length).toBeGreaterThan(1000);
  const notOneToken = BUILTIN_WORDS.filter((word) => builtin.count(word) !== 1 || builtin.count(` ${word}`) !== 1);
  expect(notOneToken).toEqual([]);
});

describe.for<[string, Tokenizer, (seed: number) => PromptGenerator]>([
  ['builtin, without its vocabulary', builtin, (seed) => createBuiltinPromptGenerator(createRandomSource(seed))],
  ['Hugging Face with whole words', wordPieces, (seed) => createPromptGenerator(wordPieces, createRandomSource(seed))],
  ['Hugging Face without whole words', bytesOnly, (seed) => createPromptGenerator(bytesOnly, createRandomSource(seed))],
  ['one that joins and splits words', unsteady, (seed) => createPromptGenerator(unsteady, createRandomSource(seed))],
])('prompts for a tokenizer: %s', ([, tokenizer, create]) => {
  test('have exactly the tokens asked for', () => {
    const generator = create(1);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 }), (lengths) => {
        expect(tokenizer.countAll(generator.generate(lengths))).toEqual(lengths);
      }),
      { numRuns: 25, examples: [[[1, 2, 3, 4]], [[5000]], [[550, 550]]] },
    );
  });

  test('are the same with the same seed, and others with another', () => {
    const lengths = [40, 7, 300];
    expect(create(5).generate(lengths)).toEqual(create(5).generate(lengths));
    expect(create(5).generate(lengths)).not.toEqual(create(6).generate(lengths));
  });

  test('all begin differently', () => {
    const beginnings = create(3)
      .generate(Array.from({ length: 500 }, () => 60))
      .map((prompt) => prompt.split(' ', 2).join(' '));
    expect(new Set(beginnings).size).toBe(500);
  });

  const blockSize = 16;
  const blockPrompt = fc
    .record({
      blockIds: fc.array(fc.integer({ min: -2, max: 4 }), { maxLength: 6 }),
      last: fc.integer({ min: 1, max: 16 }),
    })
    .map(({ blockIds, last }) => ({ blockIds, tokenCount: Math.max(0, blockIds.length - 1) * blockSize + last }));

  test('have exactly the tokens asked for when they are made of blocks', () => {
    const generator = create(4);
    fc.assert(
      fc.property(fc.array(blockPrompt, { minLength: 1, maxLength: 5 }), (wanted) => {
        const texts = generator.generateFromBlocks(wanted, blockSize);
        expect(tokenizer.countAll(texts)).toEqual(wanted.map(({ tokenCount }) => tokenCount));
      }),
      { numRuns: 40, examples: [[[{ blockIds: [], tokenCount: 700 }]]] },
    );
  });

  test('share the text of blocks with the same id, whatever follows them and in whatever order they are made', () => {
    const shared = [7, 8, 7];
    const wanted = [4, 5, 6].map((own) => ({ blockIds: [...shared, own], tokenCount: 4 * blockSize }));
    const texts = create(4).generateFromBlocks(wanted, blockSize);
    const [common = ''] = create(4).generateFromBlocks([{ blockIds: shared, tokenCount: 3 * blockSize }], blockSize);
    // The end of a prompt may have been changed to make its count right.
    const prefix = common.slice(0, -40);
    expect(texts.map((text) => text.slice(0, prefix.length))).toEqual(texts.map(() => prefix));
    expect(new Set(texts).size).toBe(3);
    expect(create(4).generateFromBlocks(wanted.toReversed(), blockSize).toReversed()).toEqual(texts);
  });
});

test('a block is the same at every place, and a shorter one is its beginning', () => {
  const generator = createBuiltinPromptGenerator(createRandomSource(1));
  const [whole = '', shorter = '', twice = ''] = generator.generateFromBlocks(
    [
      { blockIds: [3], tokenCount: 512 },
      { blockIds: [3], tokenCount: 100 },
      { blockIds: [3, 3], tokenCount: 1024 },
    ],
    512,
  );
  expect(shorter).toBe(whole.split(' ').slice(0, 100).join(' '));
  expect(twice).toBe(`${whole} ${whole}`);
  const [long = ''] = generator.generateFromBlocks([{ blockIds: [3], tokenCount: 200_000 }], 200_000);
  expect(long.split(' ')).toHaveLength(200_000);
  expect(long.startsWith(`${whole} `)).toBe(true);
  const first = Array.from({ length: 20_000 }, (_, id) => ({ blockIds: [id], tokenCount: 4 }));
  expect(new Set(generator.generateFromBlocks(first, 512)).size).toBe(20_000);
  expect(
    createBuiltinPromptGenerator(createRandomSource(2)).generateFromBlocks([{ blockIds: [3], tokenCount: 512 }], 512),
  ).not.toEqual([whole]);
});

test('the first word differs until all have been first, the first two words beyond that', () => {
  const count = BUILTIN_WORDS.length;
  const prompts = createBuiltinPromptGenerator(createRandomSource(2)).generate(
    Array.from({ length: 4 * count }, () => 2),
  );
  expect(new Set(prompts.slice(0, count).map((prompt) => prompt.split(' ')[0])).size).toBe(count);
  expect(new Set(prompts).size).toBe(prompts.length);
});

test('a tokenizer with no text of the wanted length is an error that names both', () => {
  const even: Tokenizer = { ...unsteady, name: 'even', countAll: (texts) => texts.map(() => 2), count: () => 2 };
  expect(() => createPromptGenerator(even, createRandomSource(1)).generate([3])).toThrow(
    expect.objectContaining({
      code: 'AIPERF_DATASET_PROMPT_LENGTH',
      message: expect.stringMatching(/even.*exactly 3 tokens/),
    }),
  );
});
