import type { Clock } from './clock.ts';
import { nodeTimers } from './timers.ts';
import type { CancelTimer, Timers } from './timers.ts';

/**
 * Wakes its owner at absolute times. Deadlines are run nanoseconds and never relative, so a late wake-up does not shift the next one.
 * There is one pending wake-up; asking again replaces it.
 */
export interface Pacer {
  /**
   * Calls back once, at `dueNs` or as little later as the event loop allows; never from inside this call. `onNear` is called once some
   * two milliseconds before, for what can be done ahead of time; not at all when `dueNs` is passed first.
   */
  wakeAt(dueNs: number, callback: () => void, onNear?: () => void): void;
  /** Forgets the pending wake-up. */
  cancel(): void;
}

/** Where a pacer reads the time and waits; the virtual clock stands in for both. */
export interface PacerOptions {
  readonly clock: Clock;
  readonly timers?: Timers;
}

/** How long before a due time its pacer's owner is told that it is near; later where a timer ends late. */
export const NEAR_NS = 3_000_000;

/** `setTimeout` fires up to a millisecond late, so it ends this long before the due time and `setImmediate` takes over. */
const SPIN_WINDOW_NS = 2_000_000;

/**
 * While it spins, the loop turns every so often only. A turn costs 1 µs and 300 bytes of garbage: a loop that did nothing but turns would
 * be collected several times a second, for half a millisecond each.
 */
const SPIN_SLICE_NS = 10_000;

/**
 * A pacer on the event loop. Accuracy: a few microseconds at the median while the loop is free, otherwise as late as the callback that
 * is running. It asks the loop for a turn after a turn only within 2 ms of a due time, and sockets are served between the turns, every 10 µs.
 */
export function createPacer(options: PacerOptions): Pacer {
  return new EventLoopPacer(options.clock, options.timers ?? nodeTimers);
}

class EventLoopPacer implements Pacer {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #dueNs = Number.NaN;
  #callback: (() => void) | undefined;
  #onNear: (() => void) | undefined;
  #cancelTimer: CancelTimer | undefined;
  /** When the running timer ends; meaningless without one. */
  #timerEndsNs = 0;
  #isSpinning = false;
  readonly #spin = (): void => {
    this.#isSpinning = false;
    this.#timers.spinUntil?.(this.#clock, Math.min(this.#dueNs, this.#clock.now() + SPIN_SLICE_NS));
    this.#step();
  };

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
  }

  wakeAt(dueNs: number, callback: () => void, onNear?: () => void): void {
    this.#dueNs = dueNs;
    this.#callback = callback;
    this.#onNear = onNear;
    if (!this.#isSpinning) this.#wait(this.#clock.now());
  }

  cancel(): void {
    this.#callback = undefined;
    this.#onNear = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #step(): void {
    const callback = this.#callback;
    if (callback === undefined) return;
    const now = this.#clock.now();
    if (now < this.#dueNs) {
      this.#wait(now);
      this.#tellNear(now);
      return;
    }
    this.#callback = undefined;
    this.#onNear = undefined;
    callback();
  }

  #tellNear(now: number): void {
    const onNear = this.#onNear;
    if (onNear === undefined || this.#dueNs - now > NEAR_NS) return;
    this.#onNear = undefined;
    onNear();
  }

  #wait(now: number): void {
    const timerEndsNs = this.#dueNs - SPIN_WINDOW_NS;
    if (this.#cancelTimer !== undefined) {
      // A timer that ends early enough only looks again; starting a new one for every due time would cost more.
      if (this.#timerEndsNs <= timerEndsNs) return;
      this.#cancelTimer();
      this.#cancelTimer = undefined;
    }
    const delayMs = Math.floor((timerEndsNs - now) / 1e6);
    if (delayMs < 1) {
      this.#isSpinning = true;
      this.#timers.runSoon(this.#spin);
      return;
    }
    this.#timerEndsNs = timerEndsNs;
    this.#cancelTimer = this.#timers.startTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#step();
    });
  }
}
