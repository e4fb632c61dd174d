import type { RandomSource, RandomStream } from '../random.ts';

/** Words at the beginning of a block that are drawn one by one: with a thousand words, two blocks in 10^12 begin with the same four. */
const OWN_WORDS = 4;
/** Length of the text that the rest of every block is cut from. */
const COMMON_WORDS = 65_536;

/**
 * Texts of numbered blocks. A block is a pure function of the seed and its id, so that equal ids have equal text in every prompt, and a shorter
 * block is the beginning of the whole one; nothing has to be kept for that, however many ids a trace has.
 *
 * A trace may have a hundred million tokens, so words are not drawn one by one: after its first words, by which a prefix cache tells blocks
 * apart, a block is a piece of one long random text.
 */
export class BlockTexts {
  readonly #words: readonly string[];
  readonly #random: RandomSource;
  #common: CommonText | undefined;

  constructor(words: readonly string[], random: RandomSource) {
    this.#words = words;
    this.#random = random;
  }

  /** The first `wordCount` words of the block, joined by spaces. */
  text(id: number, wordCount: number): string {
    const stream = this.#random.stream(`prompt-block.${id}`);
    let text = drawWord(this.#words, stream);
    for (let count = 1; count < Math.min(OWN_WORDS, wordCount); count += 1) text += ` ${drawWord(this.#words, stream)}`;
    if (wordCount <= OWN_WORDS) return text;
    this.#common ??= new CommonText(this.#words, this.#random.stream('prompt-blocks'));
    return text + this.#common.cut(stream.nextInt(COMMON_WORDS), wordCount - OWN_WORDS);
  }
}

/** A long text of which pieces are cut without looking at their words. */
class CommonText {
  /** Each word with a space before it. */
  readonly #text: string;
  /** Where each word's space is, and the end. */
  readonly #offsets = new Uint32Array(COMMON_WORDS + 1);

  constructor(words: readonly string[], stream: RandomStream) {
    const drawn = Array.from({ length: COMMON_WORDS }, () => ` ${drawWord(words, stream)}`);
    for (const [index, word] of drawn.entries()) this.#offsets[index + 1] = (this.#offsets[index] ?? 0) + word.length;
    this.#text = drawn.join('');
  }

  /** From that word on; after the last word comes the first. */
  cut(first: number, wordCount: number): string {
    const end = Math.min(COMMON_WORDS, first + wordCount);
    const piece = this.#text.slice(this.#offsets[first], this.#offsets[end]);
    const missing = wordCount - (end - first);
    return missing === 0 ? piece : piece + this.cut(0, missing);
  }
}

function drawWord(words: readonly string[], stream: RandomStream): string {
  return words[stream.nextInt(words.length)] ?? '';
}
