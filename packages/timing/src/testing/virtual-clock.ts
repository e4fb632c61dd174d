import type { ClockOrigin } from '@aiperf/config';
import type { Clock, EpochNs, MonotonicNs } from '../clock.ts';
import type { Pacer } from '../pacer.ts';
import type { CancelTimer, Timers } from '../timers.ts';

interface PendingTimer {
  readonly dueNs: number;
  readonly callback: () => void;
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
  /** Sorted by due time. */
  readonly #timers: PendingTimer[] = [];
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
    return {
      wakeAt: (dueNs, callback) => {
        cancel();
        cancel = this.#startTimerAt(Math.max(dueNs, this.#nowNs), callback);
      },
      cancel: () => cancel(),
    };
  }

  /** Timers that have not fired; what is left after a run is a leak. */
  get pendingTimerCount(): number {
    return this.#timers.length;
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
      const next = this.#timers[0];
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

  /** Runs on while there is something to run; for a system that comes to rest by itself. */
  runUntilIdle(limitNs: number): void {
    while (this.#nowNs < limitNs) {
      this.advanceTo(this.#nowNs);
      const next = this.#timers[0];
      if (next === undefined) return;
      this.advanceTo(Math.min(next.dueNs, limitNs));
    }
  }

  #startTimerAt(dueNs: number, callback: () => void): CancelTimer {
    const timer: PendingTimer = { dueNs, callback };
    let index = this.#timers.length;
    while (index > 0 && (this.#timers[index - 1]?.dueNs ?? 0) > dueNs) index -= 1;
    this.#timers.splice(index, 0, timer);
    return () => {
      const position = this.#timers.indexOf(timer);
      if (position !== -1) this.#timers.splice(position, 1);
    };
  }

  /** All that are due, then the callbacks of the turn: the order in which Node goes through its phases. */
  #fireTimers(): void {
    for (let next = this.#timers[0]; next !== undefined && next.dueNs <= this.#nowNs; next = this.#timers[0]) {
      this.#timers.shift();
      next.callback();
    }
  }
}
