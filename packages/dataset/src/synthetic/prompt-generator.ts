import { DatasetError } from '../dataset-error.ts';
import type { RandomSource } from '../random.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { BUILTIN_WORDS } from './builtin-words.ts';
import { WordSequence } from './word-sequence.ts';

/** Makes synthetic prompts. */
export interface PromptGenerator {
  /**
   * One prompt for each length: exactly so many tokens, special tokens and chat template left out. Prompts differ from each other in
   * their first word, and once every word has been first, in their first two, so that no prefix cache serves one with another's work.
   */
  generate(tokenCounts: readonly number[]): readonly string[];
}

/** Below this many usable words a tokenizer's prompts are cut from text instead. */
const SINGLE_TOKEN_WORDS_MIN = 64;
/** Corrections of one prompt's length before it is given up. */
const REPAIR_LIMIT = 16;

/**
 * Prompts for the builtin tokenizer, without its vocabulary: each word of the built-in list is one token wherever it stands, since
 * o200k_base never joins two words, so n words are n tokens.
 */
export function createBuiltinPromptGenerator(random: RandomSource): PromptGenerator {
  const words = new WordSequence(BUILTIN_WORDS, random);
  return { generate: (tokenCounts) => tokenCounts.map((tokenCount) => words.next(tokenCount)) };
}

/** Prompts for any tokenizer: made of words that it has as one token, then counted, and corrected where the count is not exact. */
export function createPromptGenerator(tokenizer: Tokenizer, random: RandomSource): PromptGenerator {
  const singleTokenWords = findSingleTokenWords(tokenizer);
  const fromWords = singleTokenWords.length >= SINGLE_TOKEN_WORDS_MIN;
  const words = new WordSequence(fromWords ? singleTokenWords : BUILTIN_WORDS, random);
  return {
    generate(tokenCounts) {
      const texts = tokenCounts.map((tokenCount) => words.next(tokenCount));
      const counts = tokenizer.countAll(texts);
      return texts.map((text, position) => {
        const wanted = tokenCounts[position] ?? 0;
        const count = counts[position] ?? 0;
        if (count === wanted) return text;
        const repaired = fromWords
          ? adjustByWords(tokenizer, words, text, count, wanted)
          : cutFromText(tokenizer, text, wanted);
        if (repaired !== undefined) return repaired;
        throw new DatasetError(
          'AIPERF_DATASET_PROMPT_LENGTH',
          `tokenizer ${tokenizer.name}: no text of exactly ${wanted} tokens was found; choose another --isl or --tokenizer`,
        );
      });
    },
  };
}

/** Words that are one token at the beginning of a text and add one token after another word. */
function findSingleTokenWords(tokenizer: Tokenizer): string[] {
  const alone = tokenizer.countAll(BUILTIN_WORDS);
  const doubled = tokenizer.countAll(BUILTIN_WORDS.map((word) => `${word} ${word}`));
  return BUILTIN_WORDS.filter((_, position) => alone[position] === 1 && doubled[position] === 2);
}

/** Takes words off the end or puts words there until the count is right: for tokenizers that join or split some pairs of words. */
function adjustByWords(
  tokenizer: Tokenizer,
  words: WordSequence,
  text: string,
  count: number,
  wanted: number,
): string | undefined {
  const kept = text.split(' ');
  let surplus = count - wanted;
  for (let repair = 0; repair < REPAIR_LIMIT && kept.length > 0; repair += 1) {
    if (surplus > 0) kept.splice(Math.max(1, kept.length - surplus));
    for (let missing = surplus; missing < 0; missing += 1) kept.push(words.word());
    const repaired = kept.join(' ');
    surplus = tokenizer.count(repaired) - wanted;
    if (surplus === 0) return repaired;
    // Another last word may not join its neighbour.
    kept[kept.length - 1] = words.word();
  }
  return undefined;
}

/** The first tokens of a text that has more than enough of them: for vocabularies with hardly any whole words. */
function cutFromText(tokenizer: Tokenizer, text: string, wanted: number): string | undefined {
  const ids = Array.from(tokenizer.encode(text));
  for (let extra = 0; extra < REPAIR_LIMIT && wanted + extra <= ids.length; extra += 1) {
    // Decoded and encoded again, a text may have fewer tokens than it was decoded from.
    const cut = tokenizer.decode(ids.slice(0, wanted + extra));
    if (tokenizer.count(cut) === wanted) return cut;
  }
  return undefined;
}
