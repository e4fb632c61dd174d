/** A vocabulary as `gpt-tokenizer` has it: the index is the rank, an entry its text or, where that is not valid UTF-8, its bytes. */
export type RankedVocabulary = readonly (string | readonly number[] | undefined)[];

/** Position and rank in one number, so that the heap holds plain doubles; ranks take 18 bits and positions 32. */
const POSITIONS = 2 ** 32;

/**
 * Counts the tokens of one piece of text by byte-pair merging: again and again the adjacent pair with the lowest rank is joined, the leftmost
 * one where ranks are equal. A heap finds it in O(log n), where a search takes O(n): pieces have no bound (a script without spaces, a model
 * that repeats one character), and a search through 100,000 bytes a merge holds up the process for a minute.
 */
export class BytePairCounter {
  /** Rank by bytes, each byte as one character. */
  readonly #ranks = new Map<string, number>();
  #longestBytes = 0;

  constructor(vocabulary: RankedVocabulary) {
    for (const [rank, entry] of vocabulary.entries()) {
      if (entry === undefined) continue;
      const key = (typeof entry === 'string' ? Buffer.from(entry) : Buffer.from(entry)).toString('latin1');
      this.#ranks.set(key, rank);
      if (key.length > this.#longestBytes) this.#longestBytes = key.length;
    }
  }

  count(piece: string): number {
    const bytes = Buffer.from(piece);
    const length = bytes.length;
    // For each part, by its first byte: where the next and the previous one begin, and the rank of it joined with the next (-1: none).
    const next = Int32Array.from({ length }, (_, index) => index + 1);
    const previous = Int32Array.from({ length }, (_, index) => index - 1);
    const rankOf = new Int32Array(length).fill(-1);
    const heap = new MinHeap();
    const rank = (start: number): void => {
      const second = next[start] ?? length;
      const end = next[second] ?? length;
      const isJoinable = second < length && end - start <= this.#longestBytes;
      const found = isJoinable ? this.#ranks.get(bytes.toString('latin1', start, end)) : undefined;
      rankOf[start] = found ?? -1;
      if (found !== undefined) heap.push(found * POSITIONS + start);
    };
    for (let start = 0; start < length; start += 1) rank(start);
    let count = length;
    for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
      const start = entry % POSITIONS;
      // An entry whose pair has changed since is left over.
      if (rankOf[start] !== Math.floor(entry / POSITIONS)) continue;
      const joined = next[start] ?? length;
      const after = next[joined] ?? length;
      next[start] = after;
      if (after < length) previous[after] = start;
      rankOf[joined] = -1;
      count -= 1;
      rank(start);
      const before = previous[start] ?? -1;
      if (before >= 0) rank(before);
    }
    return count;
  }
}

/** Smallest number first. */
class MinHeap {
  readonly #values: number[] = [];

  push(value: number): void {
    const values = this.#values;
    let index = values.length;
    values.push(value);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = values[parentIndex] ?? value;
      if (parent <= value) break;
      values[index] = parent;
      index = parentIndex;
    }
    values[index] = value;
  }

  pop(): number | undefined {
    const values = this.#values;
    const first = values[0];
    const last = values.pop();
    if (last === undefined || values.length === 0) return first;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = values[leftIndex];
      if (left === undefined) break;
      const right = values[leftIndex + 1];
      const isRightSmaller = right !== undefined && right < left;
      const child = isRightSmaller ? right : left;
      if (last <= child) break;
      values[index] = child;
      index = isRightSmaller ? leftIndex + 1 : leftIndex;
    }
    values[index] = last;
    return first;
  }
}
