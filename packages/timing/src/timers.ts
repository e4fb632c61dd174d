import type { Clock } from '@aiperf/records/clock';

/** Takes back what was asked for; does nothing once it has happened. */
export type CancelTimer = () => void;

/** What this package needs of the event loop. The virtual clock implements it too. */
export interface Timers {
  /** Calls back once, `delayMs` from now or a little later (coarse: 1 ms). */
  startTimer(delayMs: number, callback: () => void): CancelTimer;
  /** Calls back after the callbacks of the sockets that are ready now. */
  runSoon(callback: () => void): void;
  /** Returns at `timeNs` and keeps the thread until then. Absent where time stands still during a callback. */
  spinUntil?(clock: Clock, timeNs: number): void;
}

/** `setTimeout` turns a longer delay into 1 ms. */
const TIMEOUT_LIMIT_MS = 2 ** 31 - 1;

/** The event loop of this process. */
export const nodeTimers: Timers = {
  startTimer(delayMs, callback) {
    const timeout = setTimeout(callback, Math.min(delayMs, TIMEOUT_LIMIT_MS));
    return () => clearTimeout(timeout);
  },
  runSoon(callback) {
    setImmediate(callback);
  },
  spinUntil(clock, timeNs) {
    while (clock.now() < timeNs) continue;
  },
};

/** Calls back once the clock has reached `timeNs` (run nanoseconds), never before it; coarse as {@link Timers.startTimer}. */
export function startTimerAt(clock: Clock, timers: Timers, timeNs: number, callback: () => void): CancelTimer {
  let cancel: CancelTimer = () => {};
  const arm = (): void => {
    cancel = timers.startTimer(Math.min(Math.max(0, (timeNs - clock.now()) / 1e6), TIMEOUT_LIMIT_MS), () => {
      // A timer may fire a fraction of a millisecond early, and one of more than 24 days always does.
      if (clock.now() < timeNs) arm();
      else callback();
    });
  };
  arm();
  return () => cancel();
}
