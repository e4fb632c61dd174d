import type { Alarm } from './alarm.ts';
import type { Clock } from '@aiperf/records/clock';
import type { CancelTimer, Timers } from './timers.ts';

/** How a pacer sleeps until shortly before a due time. */
export interface Sleeper {
  /** How long before a due time to wake up, so that waking late does not make the request late. May change from call to call. */
  readonly leadNs: number;
  /** Sleeping for less than this is not worth while. */
  readonly shortestNs: number;
  /** Calls back once, at `timeNs` or a little later. */
  sleepUntil(timeNs: number, callback: () => void): CancelTimer;
}

/** Sleeps on the event loop's own timers, which end up to a millisecond late. */
export function timerSleeper(clock: Clock, timers: Timers): Sleeper {
  return {
    leadNs: 2_000_000,
    shortestNs: 1_000_000,
    sleepUntil: (timeNs, callback) => timers.startTimer(Math.floor((timeNs - clock.now()) / 1e6), callback),
  };
}

/** With nothing in flight nobody needs the core, and a loop that spins is not woken late. */
const QUIET_LEAD_NS = 2_000_000;
/** While a server works, which may share this host's cores, the loop spins no longer than an alarm may be late. */
const BUSY_LEAD_NS = 300_000;
const SHORTEST_ALARM_NS = 200_000;

/** Sleeps on an alarm, and on `fallback` once the alarm has stopped working. `isQuiet` says whether nothing is in flight. */
export function alarmSleeper(alarm: Alarm, fallback: Sleeper, isQuiet: () => boolean): Sleeper {
  return {
    get leadNs() {
      if (!alarm.isRunning) return fallback.leadNs;
      return isQuiet() ? QUIET_LEAD_NS : BUSY_LEAD_NS;
    },
    get shortestNs() {
      return alarm.isRunning ? SHORTEST_ALARM_NS : fallback.shortestNs;
    },
    sleepUntil: (timeNs, callback) =>
      alarm.isRunning ? alarm.set(timeNs, callback) : fallback.sleepUntil(timeNs, callback),
  };
}
