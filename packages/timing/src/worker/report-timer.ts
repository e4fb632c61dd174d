import type { Clock } from '@aiperf/records/clock';
import { startTimerAt } from '../timers.ts';
import type { CancelTimer, Timers } from '../timers.ts';

/** When a worker reports next, counted from its latest report. Of several intervals the shortest holds. */
export class ReportTimer {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #report: () => void;
  #lastReportNs = Number.NEGATIVE_INFINITY;
  #cancelTimer: CancelTimer = () => {};
  #endsNs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, timers: Timers, report: () => void) {
    this.#clock = clock;
    this.#timers = timers;
    this.#report = report;
  }

  arm(intervalNs: number): void {
    const endsNs = this.#lastReportNs + intervalNs;
    if (this.#endsNs <= endsNs) return;
    this.stop();
    if (endsNs <= this.#clock.now()) {
      this.#report();
      return;
    }
    this.#endsNs = endsNs;
    this.#cancelTimer = startTimerAt(this.#clock, this.#timers, endsNs, () => this.#report());
  }

  noteReport(): void {
    this.#lastReportNs = this.#clock.now();
    this.stop();
  }

  stop(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    this.#endsNs = Number.POSITIVE_INFINITY;
  }
}
