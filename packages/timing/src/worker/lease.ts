/** Ends are counted over this long to see how soon the lease will be used up. */
const WINDOW_NS = 20_000_000;

/**
 * What a worker was granted for its slots in a closed loop.
 *
 * - `none`: nothing yet; the phase may be an open loop.
 * - `held`: sessions wait for slots. Left when what is left hardly lasts until more can be here.
 * - `low`: the timing manager was told so. Left when nothing is left, which is told once more.
 * - `spent`: nothing is to be said until the next grant.
 */
export class Lease {
  #state: 'none' | 'held' | 'low' | 'spent' = 'none';
  #granted = 0;
  #windowStartNs = 0;
  #windowCount = 0;
  #previousWindowCount = 0;

  /** Whether first turns leave as slots become free. */
  get isClosedLoop(): boolean {
    return this.#state !== 'none';
  }

  /** After a grant, so many sessions wait. */
  renew(waitingCount: number): void {
    this.#state = 'held';
    this.#granted = waitingCount;
  }

  /** Nothing waits any more, and nothing is wanted. */
  giveUp(): void {
    if (this.#state !== 'none') this.#state = 'spent';
  }

  noteEnd(nowNs: number): void {
    const elapsedNs = nowNs - this.#windowStartNs;
    if (elapsedNs >= WINDOW_NS) {
      this.#previousWindowCount = elapsedNs < 2 * WINDOW_NS ? this.#windowCount : 0;
      this.#windowStartNs = nowNs;
      this.#windowCount = 0;
    }
    this.#windowCount += 1;
  }

  /** Whether it is time to tell the timing manager how much is left. */
  isToBeTold(waitingCount: number): boolean {
    if (this.#state === 'none' || this.#state === 'spent') return false;
    const isLow =
      waitingCount < Math.max(2 * Math.max(this.#windowCount, this.#previousWindowCount), this.#granted / 4);
    if (waitingCount === 0) this.#state = 'spent';
    else if (this.#state === 'low' || !isLow) return false;
    else this.#state = 'low';
    return true;
  }
}
