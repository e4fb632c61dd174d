import type { RandomSource } from '../random.ts';

/** Texts of whole blocks kept: blocks that many prompts begin with come again and again. About 3 kB each. */
const KEPT_BLOCKS = 4096;

/**
 * Texts of numbered blocks. A block's words are a pure function of the seed and its id, so that equal ids have equal text in every prompt,
 * and a shorter block is the beginning of the whole one; nothing has to be kept for that, however many ids a trace has.
 */
export class BlockTexts {
  readonly #words: readonly string[];
  readonly #random: RandomSource;
  readonly #whole = new Map<string, string>();

  constructor(words: readonly string[], random: RandomSource) {
    this.#words = words;
    this.#random = random;
  }

  /** The first `wordCount` words of the block, joined by spaces. */
  text(id: number, wordCount: number): string {
    const key = `${id}:${wordCount}`;
    const kept = this.#whole.get(key);
    if (kept !== undefined) return kept;
    const text = this.#make(id, wordCount);
    if (this.#whole.size >= KEPT_BLOCKS) this.#forgetOldest();
    this.#whole.set(key, text);
    return text;
  }

  #make(id: number, wordCount: number): string {
    const stream = this.#random.stream(`prompt-block.${id}`);
    const words: string[] = [];
    while (words.length < wordCount) words.push(this.#words[stream.nextInt(this.#words.length)] ?? '');
    return words.join(' ');
  }

  /** A map keeps its keys in the order in which they came. */
  #forgetOldest(): void {
    for (const key of this.#whole.keys()) {
      this.#whole.delete(key);
      return;
    }
  }
}
