/** Draws from one seeded stream (mulberry32): the same seed gives the same recording script. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.next() * values.length)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }

  /** `count` words with a space before each. */
  words(count: number): string {
    return Array.from({ length: count }, () => this.pick(WORDS)).join('');
  }
}

const WORDS = (
  ' the of and to in is for on that with as are king shall thee lord night \u00e9t\u00e9 na\u00efve 12 perchance,' +
  ' "love" thou\'rt \ud83d\ude80 wherefore\\ antidisestablishmentarianism good; morrow. come'
)
  .split(' ')
  .slice(1)
  .map((word) => ` ${word}`);
