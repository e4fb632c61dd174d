/** Between which moments the requests of each stored batch lie, so that what lies elsewhere need not be read. */
export class BatchTimes {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  /** Adds the next batch: its first start and last end; infinities the other way round where it has none. */
  add(startNs: number, endNs: number): void {
    this.#starts.push(startNs);
    this.#ends.push(endNs);
  }

  /** True for a batch that is not known. */
  overlaps(index: number, startNs: number, endNs: number): boolean {
    const firstNs = this.#starts[index] ?? Number.NEGATIVE_INFINITY;
    const lastNs = this.#ends[index] ?? Number.POSITIVE_INFINITY;
    return firstNs < endNs && lastNs >= startNs;
  }
}
