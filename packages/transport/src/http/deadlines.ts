import type { Clock } from '@aiperf/records/clock';

import type { Exchange } from '../transport.ts';

/** setTimeout cannot wait longer than 2^31 ms. */
const MAX_WAIT_MS = 3_600_000;
/** Deadlines are kept to this grain: an exchange ends at most so much later than its limit. */
const GRAIN_MS = 10;

/**
 * Exchanges in flight and the time limit they share. As every exchange has the same limit, they come due in the order in which they were
 * added, and one timer, for the oldest one, is enough for any number of them.
 */
export class Deadlines<T> {
  readonly #clock: Clock;
  readonly #limitNs: number;
  readonly #onDue: (exchange: Exchange, owner: T) => void;
  /** In insertion order, which is the order of the deadlines. */
  readonly #inFlight = new Map<Exchange, T>();
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock, limitMs: number, onDue: (exchange: Exchange, owner: T) => void) {
    this.#clock = clock;
    this.#limitNs = limitMs * 1e6;
    this.#onDue = onDue;
  }

  /** `exchange.timeline.queuedNs` must be set. */
  add(exchange: Exchange, owner: T): void {
    this.#inFlight.set(exchange, owner);
    if (this.#timer === undefined) this.#arm(this.#limitNs);
  }

  ownerOf(exchange: Exchange): T | undefined {
    return this.#inFlight.get(exchange);
  }

  /** False when the exchange was not in flight any more. */
  remove(exchange: Exchange): boolean {
    return this.#inFlight.delete(exchange);
  }

  exchanges(): Exchange[] {
    return [...this.#inFlight.keys()];
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(waitNs: number): void {
    if (!Number.isFinite(waitNs)) return;
    this.#timer = setTimeout(this.#check, Math.min(MAX_WAIT_MS, Math.max(GRAIN_MS, Math.ceil(waitNs / 1e6))));
    // Sockets in flight hold the process; a timer left over after the last exchange must not.
    this.#timer.unref();
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [exchange, owner] of this.#inFlight) {
      const leftNs = exchange.timeline.queuedNs + this.#limitNs - now;
      if (leftNs > 0) {
        this.#arm(leftNs);
        return;
      }
      this.#onDue(exchange, owner);
    }
  };
}
