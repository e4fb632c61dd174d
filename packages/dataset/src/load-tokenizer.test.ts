import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadHuggingFaceTokenizer } from './huggingface-tokenizer.ts';
import { BUILTIN_WORDS } from './synthetic/builtin-words.ts';
import { temporaryDirectory } from './temporary-directory.test.support.ts';
import { chooseTokenizer, loadTokenizer } from './load-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { writeTokenizer } from './tokenizer-fixture.test.support.ts';

const { path: fixtures, [Symbol.asyncDispose]: removeFixtures } = await temporaryDirectory();
await writeTokenizer(join(fixtures, 'bpe'), BUILTIN_WORDS);
const builtin = (await loadTokenizer('builtin', [])).tokenizer;
const huggingFace = (await loadTokenizer(join(fixtures, 'bpe'), [])).tokenizer;
await removeFixtures();

describe.for<[string, Tokenizer]>([
  ['builtin', builtin],
  ['Hugging Face', huggingFace],
])('the %s tokenizer', ([, tokenizer]) => {
  test('counts what it encodes, alone and with others, and decodes it to the same text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => value.toWellFormed());
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const counts = tokenizer.countAll(texts);
        expect(counts).toHaveLength(texts.length);
        for (const [index, value] of texts.entries()) {
          const ids = tokenizer.encode(value);
          expect(ids.length).toBe(counts[index]);
          expect(tokenizer.count(value)).toBe(counts[index]);
          expect(tokenizer.decode(ids)).toBe(value);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('adds no token to an empty text', () => {
    expect(tokenizer.count('')).toBe(0);
    expect(tokenizer.encode('')).toHaveLength(0);
  });

  test('does not stop at a length', () => {
    expect(tokenizer.count('the '.repeat(5000).trim())).toBeGreaterThanOrEqual(5000);
  });
});

test('the builtin tokenizer is o200k_base', () => {
  expect(Array.from(builtin.encode('hello world'))).toEqual([24912, 2375]);
});

test('names of special tokens are text for the builtin tokenizer', () => {
  expect(builtin.count('<|endoftext|>')).toBe(7);
  expect(builtin.decode(builtin.encode('a <|endoftext|> b'))).toBe('a <|endoftext|> b');
});

test('special tokens are left out when decoding', () => {
  expect(huggingFace.decode([0, ...Array.from(huggingFace.encode('word')), 0])).toBe('word');
});

describe('choosing a tokenizer', () => {
  beforeEach(() => {
    for (const name of ['HF_HUB_CACHE', 'HF_HOME', 'XDG_CACHE_HOME']) vi.stubEnv(name, '');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('takes the builtin one when it is named, whatever the model', async () => {
    expect(await chooseTokenizer('builtin', ['org/model'])).toEqual({});
  });

  test.for(['', 'tokenizer.json'])('finds a folder or a file by its path: /%s', async (suffix) => {
    await using directory = await temporaryDirectory();
    const path = await writeTokenizer(directory.path, []);
    expect(await chooseTokenizer(join(directory.path, suffix), [])).toEqual({ path });
  });

  test.for([
    ['HF_HUB_CACHE', ''],
    ['HF_HOME', 'hub'],
    ['XDG_CACHE_HOME', 'huggingface/hub'],
  ] as const)('finds the model in the cache that %s names', async ([variable, below]) => {
    await using directory = await temporaryDirectory();
    vi.stubEnv(variable, directory.path);
    const path = await writeTokenizer(join(directory.path, below, 'models--org--model/snapshots/abc'), []);
    expect(await chooseTokenizer(undefined, ['org/model', 'other'])).toEqual({ path });
    expect(await chooseTokenizer('org/model', ['other'])).toEqual({ path });
  });

  test('prefers the revision that is main', async () => {
    await using directory = await temporaryDirectory();
    vi.stubEnv('HF_HUB_CACHE', directory.path);
    const model = join(directory.path, 'models--org--model');
    await writeTokenizer(join(model, 'snapshots/aaa'), []);
    const path = await writeTokenizer(join(model, 'snapshots/bbb'), []);
    await mkdir(join(model, 'refs'));
    await writeFile(join(model, 'refs/main'), 'bbb\n');
    expect(await chooseTokenizer(undefined, ['org/model'])).toEqual({ path });
  });

  test('falls back to the builtin one with a notice when only a model is named', async () => {
    await using directory = await temporaryDirectory();
    vi.stubEnv('HF_HUB_CACHE', directory.path);
    const choice = await chooseTokenizer(undefined, ['mock-model']);
    expect(choice.path).toBeUndefined();
    expect(choice.notice).toContain('"mock-model"');
  });

  test('a name that is nowhere lists what was tried', async () => {
    await using directory = await temporaryDirectory();
    vi.stubEnv('HF_HUB_CACHE', directory.path);
    await expect(loadTokenizer('org/absent', ['m'])).rejects.toThrow(
      expect.objectContaining({
        code: 'AIPERF_DATASET_TOKENIZER_NOT_FOUND',
        message: expect.stringMatching(/org\/absent\/tokenizer\.json.*models--org--absent\/snapshots/),
      }),
    );
  });

  test('a file that is no tokenizer is refused by name', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'tokenizer.json');
    await writeFile(path, '{"version": "1.0"}');
    await expect(loadTokenizer(path, [])).rejects.toThrow(
      expect.objectContaining({ code: 'AIPERF_DATASET_TOKENIZER_INVALID', message: expect.stringContaining(path) }),
    );
  });
});

test('a closed Hugging Face tokenizer ends its thread and counts nothing more', async () => {
  await using directory = await temporaryDirectory();
  const tokenizer = await loadHuggingFaceTokenizer(await writeTokenizer(directory.path, BUILTIN_WORDS));
  expect(tokenizer.count('word')).toBeGreaterThan(0);
  await tokenizer.close();
  expect(() => tokenizer.count('word')).toThrow('has been closed');
});
