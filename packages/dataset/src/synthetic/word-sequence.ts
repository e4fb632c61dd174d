import { shuffleInPlace } from '../sampler.ts';
import type { RandomSource, RandomStream } from '../random.ts';

/** Texts of random words whose beginnings differ: see {@link WordSequence.next}. */
export class WordSequence {
  readonly #words: readonly string[];
  /** Words in the order in which they are used as beginnings. */
  readonly #beginnings: Uint32Array;
  readonly #random: RandomStream;
  #texts = 0;

  constructor(words: readonly string[], random: RandomSource) {
    this.#words = words;
    this.#random = random.stream('prompt-words');
    this.#beginnings = Uint32Array.from(words, (_, index) => index);
    shuffleInPlace(this.#beginnings, random.stream('prompt-beginnings'));
  }

  /**
   * The next text of `wordCount` words. The first word counts the texts through the list and the second one the passes through it, so
   * that with N words no two of N² texts begin with the same two. The others are random.
   */
  next(wordCount: number): string {
    const count = this.#words.length;
    const text = this.#texts;
    this.#texts += 1;
    const words: string[] = [];
    if (wordCount > 0) words.push(this.#beginning(text % count));
    // The first word's place is added so that the second word is not the same for a whole pass.
    if (wordCount > 1) words.push(this.#beginning((text + 1 + Math.floor(text / count)) % count));
    while (words.length < wordCount) words.push(this.word());
    return words.join(' ');
  }

  word(): string {
    return this.#words[this.#random.nextInt(this.#words.length)] ?? '';
  }

  #beginning(place: number): string {
    return this.#words[this.#beginnings[place] ?? 0] ?? '';
  }
}
