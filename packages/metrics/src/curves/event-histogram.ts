import type { TimeWindow } from './event-block.ts';

const BINS = 65_536;

/** How many events fall where in time; by it, time is cut into blocks that fit in memory. */
export class EventHistogram {
  readonly #startNs: number;
  readonly #binNs: number;
  readonly #counts = new Float64Array(BINS);

  constructor(startNs: number, endNs: number) {
    this.#startNs = startNs;
    this.#binNs = Math.max(1, Math.ceil((endNs - startNs) / BINS));
  }

  add(timeNs: number): void {
    const bin = this.#binOf(timeNs);
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
  }

  /** Events in the bins that a stretch of time touches. */
  countBetween(startNs: number, endNs: number): number {
    let count = 0;
    const last = this.#binOf(endNs);
    for (let bin = this.#binOf(startNs); bin <= last; bin++) count += this.#counts[bin] ?? 0;
    return count;
  }

  /** Cuts a stretch of time so that no piece is longer than `maxLengthNs` or, as far as bins tell, has more events than `maxEvents`. */
  cut(startNs: number, endNs: number, maxEvents: number, maxLengthNs: number): TimeWindow[] {
    const pieces: TimeWindow[] = [];
    let fromNs = startNs;
    let events = 0;
    while (fromNs < endNs) {
      let bin = this.#binOf(fromNs);
      const limitNs = Math.min(endNs, fromNs + maxLengthNs);
      let toNs = limitNs;
      for (events = 0; bin < BINS; bin++) {
        events += this.#counts[bin] ?? 0;
        const edgeNs = this.#startNs + bin * this.#binNs;
        if (events > maxEvents && edgeNs > fromNs) toNs = Math.min(limitNs, edgeNs);
        if (edgeNs >= limitNs || events > maxEvents) break;
      }
      pieces.push({ startNs: fromNs, endNs: toNs });
      fromNs = toNs;
    }
    return pieces;
  }

  #binOf(timeNs: number): number {
    return Math.min(BINS - 1, Math.max(0, Math.floor((timeNs - this.#startNs) / this.#binNs)));
  }
}
