/** Counts by whole seconds since a moment; grows with the length of the run alone. */
export class PerSecond {
  readonly #fromNs: number;
  readonly #counts: number[] = [];

  constructor(fromNs: number) {
    this.#fromNs = fromNs;
  }

  add(timeNs: number, count = 1): void {
    this.addAt(this.secondOf(timeNs), count);
  }

  addAt(second: number, count: number): void {
    while (this.#counts.length <= second) this.#counts.push(0);
    this.#counts[second] = (this.#counts[second] ?? 0) + count;
  }

  secondOf(timeNs: number): number {
    return Math.floor((timeNs - this.#fromNs) / 1e9);
  }

  get max(): number {
    return this.#counts.reduce((max, count) => Math.max(max, count), 0);
  }

  /** Largest sum of all counts up to a second. */
  get maxRunningSum(): number {
    let sum = 0;
    let max = 0;
    for (const count of this.#counts) {
      sum += count;
      max = Math.max(max, sum);
    }
    return max;
  }
}
