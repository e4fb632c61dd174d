import type { Clock } from '@aiperf/records/clock';
import { type Sleeper, timerSleeper } from './sleeper.ts';
import { nodeTimers } from './timers.ts';
import type { CancelTimer, Timers } from './timers.ts';

/**
 * Wakes its owner at absolute times. Deadlines are run nanoseconds and never relative, so a late wake-up does not shift the next one.
 * There is one pending wake-up; asking again replaces it.
 */
export interface Pacer {
  /**
   * Calls back once, at `dueNs` or as little later as the event loop allows; never from inside this call. `onNear` is called once, up
   * to three milliseconds before, for what can be done ahead of time; not at all when `dueNs` is passed first.
   */
  wakeAt(dueNs: number, callback: () => void, onNear?: () => void): void;
  /** Forgets the pending wake-up. */
  cancel(): void;
}

/** Where a pacer reads the time and waits; the virtual clock stands in for both. */
export interface PacerOptions {
  readonly clock: Clock;
  readonly timers?: Timers;
  /** Absent: one on the timers. */
  readonly sleeper?: Sleeper;
}

/** How long before a due time its pacer's owner is told that it is near, or later, when the pacer wakes up. */
export const NEAR_NS = 3_000_000;

/**
 * While it spins, the loop turns every so often only. A turn costs 1 µs and 300 bytes of garbage: a loop that did nothing but turns would
 * be collected several times a second, for half a millisecond each.
 */
const SPIN_SLICE_NS = 10_000;

/**
 * A pacer on the event loop. Accuracy: a few microseconds at the median while the loop is free, otherwise as late as the callback that
 * is running. It asks the loop for a turn after a turn only shortly before a due time, and sockets are served between the turns, every 10 µs.
 */
export function createPacer(options: PacerOptions): Pacer {
  const { clock, timers = nodeTimers, sleeper = timerSleeper(clock, timers) } = options;
  return new EventLoopPacer(clock, timers, sleeper);
}

class EventLoopPacer implements Pacer {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #sleeper: Sleeper;
  #dueNs = Number.NaN;
  #callback: (() => void) | undefined;
  #onNear: (() => void) | undefined;
  #stopSleep: CancelTimer | undefined;
  /** When the sleep ends; meaningless without one. */
  #wakesNs = 0;
  #isSpinning = false;
  readonly #spin = (): void => {
    this.#isSpinning = false;
    this.#timers.spinUntil?.(this.#clock, Math.min(this.#dueNs, this.#clock.now() + SPIN_SLICE_NS));
    this.#step();
  };

  constructor(clock: Clock, timers: Timers, sleeper: Sleeper) {
    this.#clock = clock;
    this.#timers = timers;
    this.#sleeper = sleeper;
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
    this.#stopSleep?.();
    this.#stopSleep = undefined;
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
    const wakesNs = this.#dueNs - this.#sleeper.leadNs;
    if (this.#stopSleep !== undefined) {
      // A sleep that ends early enough only looks again; another one for every due time would cost more.
      if (this.#wakesNs <= wakesNs) return;
      this.#stopSleep();
      this.#stopSleep = undefined;
    }
    if (wakesNs - now < this.#sleeper.shortestNs) {
      this.#isSpinning = true;
      this.#timers.runSoon(this.#spin);
      return;
    }
    this.#wakesNs = wakesNs;
    this.#stopSleep = this.#sleeper.sleepUntil(wakesNs, () => {
      this.#stopSleep = undefined;
      this.#step();
    });
  }
}
