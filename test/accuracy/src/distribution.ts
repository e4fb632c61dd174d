import { percentileOfSorted } from '@aiperf/metrics/stats';

const NS_PER_MS = 1e6;

/** Order statistics of times in ns, given out in ms. */
export class DistributionMs {
  readonly #sortedNs: Float64Array;
  readonly #sumNs: number;

  constructor(valuesNs: Iterable<number>) {
    this.#sortedNs = Float64Array.from(valuesNs).sort();
    this.#sumNs = this.#sortedNs.reduce((sum, value) => sum + value, 0);
  }

  get count(): number {
    return this.#sortedNs.length;
  }

  get mean(): number {
    return this.#sumNs / this.#sortedNs.length / NS_PER_MS;
  }

  get max(): number {
    return (this.#sortedNs.at(-1) ?? Number.NaN) / NS_PER_MS;
  }

  percentile(percent: number): number {
    return percentileOfSorted(this.#sortedNs, percent) / NS_PER_MS;
  }
}
