import { grown } from '@aiperf/records';

/** Values that are kept as they are, 16 MB; beyond, they are counted in bins. */
const KEPT_MAX = 2 ** 21;
const BINS = 2 ** 20;
/** Kolmogorov's 1 % point for large samples. */
const CRITICAL_FACTOR = 1.63;

/** 1 % critical value of the Kolmogorov-Smirnov distance of a sample from the law it was drawn from. */
export function ksCriticalValue(count: number): number {
  return CRITICAL_FACTOR / Math.sqrt(count);
}

/**
 * Kolmogorov-Smirnov distance of a sample from the uniform law on 0..1. A sample of any other law is brought here through its distribution
 * function. Exact up to two million values; of more, the distance is looked at in a million places, so that it may be too small by
 * at most one millionth and what falls into one bin.
 */
export class UniformDistance {
  #kept: Float64Array | undefined = new Float64Array(1024);
  #bins: Float64Array | undefined;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(share: number): void {
    const value = Math.min(1, Math.max(0, share));
    if (this.#kept !== undefined && this.#count === this.#kept.length) this.#makeRoom(this.#kept);
    if (this.#kept !== undefined) this.#kept[this.#count] = value;
    else this.#addToBin(value);
    this.#count++;
  }

  /** NaN for an empty sample. */
  distance(): number {
    if (this.#count === 0) return Number.NaN;
    let largest = 0;
    if (this.#kept !== undefined) {
      const sorted = this.#kept.subarray(0, this.#count).sort();
      for (let index = 0; index < sorted.length; index++) {
        const value = sorted[index] ?? 0;
        largest = Math.max(largest, value - index / this.#count, (index + 1) / this.#count - value);
      }
      return largest;
    }
    let below = 0;
    for (let bin = 0; bin < BINS; bin++) {
      largest = Math.max(largest, Math.abs(bin / BINS - below / this.#count));
      below += this.#bins?.[bin] ?? 0;
    }
    return largest;
  }

  #makeRoom(kept: Float64Array): void {
    if (kept.length < KEPT_MAX) {
      this.#kept = grown(kept, kept.length + 1);
      return;
    }
    this.#kept = undefined;
    this.#bins = new Float64Array(BINS);
    for (const value of kept) this.#addToBin(value);
  }

  #addToBin(value: number): void {
    if (this.#bins === undefined) return;
    const bin = Math.min(BINS - 1, Math.floor(value * BINS));
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
  }
}
