import type { ClockOrigin } from '@aiperf/config';
import type { Clock, EpochNs, MonotonicNs } from '@aiperf/records/clock';
import { NEAR_NS } from './pacer.ts';
import type { Pacer } from './pacer.ts';
import type { CancelTimer, Timers } from './timers.ts';
import { DueHeap } from './worker/due-heap.ts';

interface PendingTimer {
  readonly dueNs: number;
  /** Timers of one time fire in the order in which they were started. */
  readonly order: number;
  /** `undefined`: taken back. */
  callback: (() => void) | undefined;
}

/** More turns of the event loop than this without any time passing: whoever asks for them would never stop. */
const STUCK_TURN_COUNT = 100_000;

/** How a virtual clock behaves. */
export interface VirtualClockOptions {
  /** Virtual time that one turn of the event loop takes; default 0. A loop that spins until a due time needs more than 0. */
  readonly turnNs?: number;
}

/**
 * Time that stands still until it is moved, with an event loop of its own: timers in the order of their times (equal times in the order
 * they were started), and callbacks that wait for the next turn. Everything runs inside {@link advanceTo}, nothing waits in real time.
 */
export class VirtualClock implements Clock, Timers {
  readonly origin: ClockOrigin = { monotonicNs: '0', epochNs: '1700000000000000000' };
  readonly #turnNs: number;
  #nowNs = 0;
  readonly #timers = new DueHeap<PendingTimer>(isBefore);
  #startedCount = 0;
  #pendingCount = 0;
  #soon: (() => void)[] = [];

  constructor(options: VirtualClockOptions = {}) {
    this.#turnNs = options.turnNs ?? 0;
  }

  now(): MonotonicNs {
    return this.#nowNs as MonotonicNs;
  }

  toEpoch(time: MonotonicNs): EpochNs {
    return (BigInt(this.origin.epochNs) + BigInt(Math.round(time))) as EpochNs;
  }

  startTimer(delayMs: number, callback: () => void): CancelTimer {
    return this.#startTimerAt(this.#nowNs + Math.max(0, Math.ceil(delayMs * 1e6)), callback);
  }

  runSoon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** A pacer that is never late and costs no turns. */
  createPacer(): Pacer {
    let cancel: CancelTimer = () => {};
    let cancelNear: CancelTimer = () => {};
    return {
      wakeAt: (dueNs, callback, onNear) => {
        cancel();
        cancelNear();
        if (onNear !== undefined && dueNs > this.#nowNs) {
          cancelNear = this.#startTimerAt(Math.max(dueNs - NEAR_NS, this.#nowNs), onNear);
        }
        cancel = this.#startTimerAt(Math.max(dueNs, this.#nowNs), callback);
      },
      cancel: () => {
        cancel();
        cancelNear();
      },
    };
  }

  /** Timers that have not fired; what is left after a run is a leak. */
  get pendingTimerCount(): number {
    return this.#pendingCount;
  }

  /** Runs everything that falls due up to `timeNs`, each at its own time, and then stands at `timeNs`. */
  advanceTo(timeNs: number): void {
    let turnsAtOnce = 0;
    for (;;) {
      if (this.#soon.length > 0) {
        turnsAtOnce = this.#turnNs > 0 ? 0 : turnsAtOnce + 1;
        if (turnsAtOnce > STUCK_TURN_COUNT) throw new Error(`virtual time stands still at ${this.#nowNs} ns`);
        if (this.#nowNs + this.#turnNs > timeNs) break;
        this.#nowNs += this.#turnNs;
        this.#fireTimers();
        const callbacks = this.#soon;
        this.#soon = [];
        for (const callback of callbacks) callback();
        continue;
      }
      const next = this.#first();
      if (next === undefined || next.dueNs > timeNs) break;
      turnsAtOnce = 0;
      this.#nowNs = Math.max(this.#nowNs, next.dueNs);
      this.#fireTimers();
    }
    this.#nowNs = Math.max(this.#nowNs, timeNs);
  }

  advanceBy(durationNs: number): void {
    this.advanceTo(this.#nowNs + durationNs);
  }

  /** Runs on while there is something to run; for a system that comes to rest by itself. `afterStep` is called whenever time stands still. */
  runUntilIdle(limitNs: number, afterStep: () => void = () => {}): void {
    while (this.#nowNs < limitNs) {
      this.advanceTo(this.#nowNs);
      afterStep();
      const next = this.#first();
      if (next === undefined) return;
      this.advanceTo(Math.min(next.dueNs, limitNs));
    }
  }

  #startTimerAt(dueNs: number, callback: () => void): CancelTimer {
    const timer: PendingTimer = { dueNs, order: this.#startedCount, callback };
    this.#startedCount += 1;
    this.#pendingCount += 1;
    this.#timers.push(timer);
    return () => {
      if (timer.callback === undefined) return;
      timer.callback = undefined;
      this.#pendingCount -= 1;
    };
  }

  /** All that are due, then the callbacks of the turn: the order in which Node goes through its phases. */
  #fireTimers(): void {
    for (let next = this.#first(); next !== undefined && next.dueNs <= this.#nowNs; next = this.#first()) {
      this.#timers.pop();
      const { callback } = next;
      next.callback = undefined;
      this.#pendingCount -= 1;
      callback?.();
    }
  }

  /** The earliest that was not taken back. */
  #first(): PendingTimer | undefined {
    let first = this.#timers.peek();
    for (; first !== undefined && first.callback === undefined; first = this.#timers.peek()) this.#timers.pop();
    return first;
  }
}

function isBefore(a: PendingTimer, b: PendingTimer): boolean {
  return a.dueNs < b.dueNs || (a.dueNs === b.dueNs && a.order < b.order);
}
