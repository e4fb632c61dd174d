import { DatasetError } from '../dataset-error.ts';
import type { RandomSource } from '../random.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { BUILTIN_WORDS } from './builtin-words.ts';
import { BlockTexts } from './block-texts.ts';
import { WordSequence } from './word-sequence.ts';

/** Makes synthetic prompts. */
export interface PromptGenerator {
  /**
   * One prompt for each length: exactly so many tokens, special tokens and chat template left out. Prompts differ from each other in
   * their first word, and once every word has been first, in their first two, so that no prefix cache serves one with another's work.
   */
  generate(tokenCounts: readonly number[]): readonly string[];
  /**
   * One prompt for each of `wanted`, of exactly its tokens, made of blocks of `blockSizeTokens`, the last of which may be shorter. Blocks of
   * the same id have the same text in every prompt of the same seed. Without ids, a prompt as {@link generate} makes it.
   */
  generateFromBlocks(wanted: readonly BlockPrompt[], blockSizeTokens: number): readonly string[];
}

/** A prompt whose parts are shared with others. */
export interface BlockPrompt {
  readonly tokenCount: number;
  /** None, or one for each block that `tokenCount` begins. */
  readonly blockIds: readonly number[];
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
  const blocks = new BlockTexts(BUILTIN_WORDS, random);
  return {
    generate: (tokenCounts) => tokenCounts.map((tokenCount) => words.next(tokenCount)),
    generateFromBlocks: (wanted, blockSizeTokens) =>
      wanted.map((prompt) =>
        prompt.blockIds.length === 0
          ? words.next(prompt.tokenCount)
          : textsOfBlocks(prompt, blockSizeTokens, blocks).join(' '),
      ),
  };
}

/** Prompts for any tokenizer: made of words that it has as one token, then counted, and corrected where the count is not exact. */
export function createPromptGenerator(tokenizer: Tokenizer, random: RandomSource): PromptGenerator {
  const singleTokenWords = findSingleTokenWords(tokenizer);
  const fromWords = singleTokenWords.length >= SINGLE_TOKEN_WORDS_MIN;
  const usedWords = fromWords ? singleTokenWords : BUILTIN_WORDS;
  const words = new WordSequence(usedWords, random);
  const blocks = fromWords ? new BlockTexts(usedWords, random) : new CutBlockTexts(tokenizer, random);
  // Where a word is several tokens, a space may be one of its own.
  const separator = fromWords ? ' ' : '';
  /** Counts all texts in one call and changes the ends of those that are not as long as wanted. */
  const repairAll = (texts: readonly string[], tokenCounts: readonly number[]): readonly string[] => {
    const counts = tokenizer.countAll(texts);
    return texts.map((text, position) => {
      const wanted = tokenCounts[position] ?? 0;
      const count = counts[position] ?? 0;
      if (count === wanted) return text;
      const repaired = fromWords
        ? adjustByWords(tokenizer, words, text, count, wanted)
        : cutFromText(tokenizer, count > wanted ? text : `${text} ${words.next(wanted - count + 1)}`, wanted);
      if (repaired !== undefined) return repaired;
      throw new DatasetError(
        'AIPERF_DATASET_PROMPT_LENGTH',
        `tokenizer ${tokenizer.name}: no text of exactly ${wanted} tokens was found; choose another --isl or --tokenizer`,
      );
    });
  };
  return {
    generate(tokenCounts) {
      return repairAll(
        tokenCounts.map((tokenCount) => words.next(tokenCount)),
        tokenCounts,
      );
    },
    generateFromBlocks(wanted, blockSizeTokens) {
      const texts = wanted.map((prompt) =>
        prompt.blockIds.length === 0
          ? words.next(prompt.tokenCount)
          : textsOfBlocks(prompt, blockSizeTokens, blocks).join(separator),
      );
      return repairAll(
        texts,
        wanted.map(({ tokenCount }) => tokenCount),
      );
    },
  };
}

/** All blocks are whole but the last. */
function textsOfBlocks(
  { tokenCount, blockIds }: BlockPrompt,
  blockSizeTokens: number,
  blocks: Pick<BlockTexts, 'text'>,
): readonly string[] {
  return blockIds.map((id, index) => blocks.text(id, Math.min(blockSizeTokens, tokenCount - index * blockSizeTokens)));
}

/** Blocks for vocabularies with hardly any whole words: as many tokens as asked for, cut from a text of as many words. */
class CutBlockTexts {
  readonly #tokenizer: Tokenizer;
  readonly #texts: BlockTexts;

  constructor(tokenizer: Tokenizer, random: RandomSource) {
    this.#tokenizer = tokenizer;
    this.#texts = new BlockTexts(BUILTIN_WORDS, random);
  }

  text(id: number, tokenCount: number): string {
    const text = this.#texts.text(id, tokenCount);
    return cutFromText(this.#tokenizer, text, tokenCount) ?? text;
  }
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
