const MIN_CAPACITY = 64;

/**
 * Arrival times that are given away in order, except that one may be taken from the middle. Holds the times that were drawn on the way
 * there and nothing else.
 */
export class ArrivalQueue {
  readonly #nextNs: () => number;
  /** Drawn times, ascending, from `#head` on; those that were taken from the middle are marked. */
  #times = new Float64Array(MIN_CAPACITY);
  #isTaken = new Uint8Array(MIN_CAPACITY);
  #head = 0;
  #tail = 0;

  constructor(nextNs: () => number) {
    this.#nextNs = nextNs;
  }

  /** The first time that nobody has. */
  peek(): number {
    if (this.#head === this.#tail) this.#draw();
    return this.#times[this.#head] ?? Number.NaN;
  }

  shift(): number {
    const timeNs = this.peek();
    this.#head += 1;
    this.#skipTaken();
    return timeNs;
  }

  /** Takes the first time that nobody has and that is not before `readyNs`. */
  takeFrom(readyNs: number): number {
    while (this.#head === this.#tail || (this.#times[this.#tail - 1] ?? 0) < readyNs) this.#draw();
    let low = this.#head;
    let high = this.#tail;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) < readyNs) low = middle + 1;
      else high = middle;
    }
    while (low < this.#tail && this.#isTaken[low] === 1) low += 1;
    if (low === this.#tail) this.#draw();
    const timeNs = this.#times[low] ?? Number.NaN;
    this.#isTaken[low] = 1;
    this.#skipTaken();
    return timeNs;
  }

  /** Times before this are nobody's any more. */
  dropBefore(timeNs: number): void {
    while (this.#head < this.#tail && (this.#times[this.#head] ?? 0) < timeNs) this.#head += 1;
    this.#skipTaken();
  }

  #skipTaken(): void {
    while (this.#head < this.#tail && this.#isTaken[this.#head] === 1) this.#head += 1;
  }

  #draw(): void {
    if (this.#tail === this.#times.length) this.#makeRoom();
    this.#times[this.#tail] = this.#nextNs();
    this.#isTaken[this.#tail] = 0;
    this.#tail += 1;
  }

  /** Moves what is left to the front, into arrays twice as large where half of them is in use. */
  #makeRoom(): void {
    const size = this.#tail - this.#head;
    const times = this.#times.subarray(this.#head, this.#tail);
    const isTaken = this.#isTaken.subarray(this.#head, this.#tail);
    if (size * 2 > this.#times.length) {
      const capacity = this.#times.length * 2;
      this.#times = new Float64Array(capacity);
      this.#isTaken = new Uint8Array(capacity);
    }
    this.#times.set(times);
    this.#isTaken.set(isTaken);
    this.#head = 0;
    this.#tail = size;
  }
}
