import { describe, expect, test } from 'vitest';
import type { Alarm } from './alarm.ts';
import { createPacer } from './pacer.ts';
import { alarmSleeper, timerSleeper } from './sleeper.ts';
import { VirtualClock } from './virtual-clock.ts';

const MS = 1e6;

/** An alarm in virtual time. */
class VirtualAlarm implements Alarm {
  isRunning = true;
  readonly times: number[] = [];
  readonly #clock: VirtualClock;
  #cancel: () => void = () => {};
  #callback: () => void = () => {};

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  set(timeNs: number, callback: () => void): () => void {
    this.#cancel();
    this.times.push(timeNs);
    this.#callback = callback;
    this.#cancel = this.#clock.startTimer((timeNs - this.#clock.now()) / 1e6, callback);
    return this.#cancel;
  }

  close(): void {
    this.#cancel();
  }

  /** As when its thread ends. */
  break(): void {
    this.isRunning = false;
    this.#cancel();
    this.#callback();
  }
}

function setUp(isQuiet: () => boolean): {
  clock: VirtualClock;
  alarm: VirtualAlarm;
  wakeAt: (dueNs: number) => void;
  woken: number[];
} {
  const clock = new VirtualClock({ turnNs: 1_000 });
  const alarm = new VirtualAlarm(clock);
  const pacer = createPacer({
    clock,
    timers: clock,
    sleeper: alarmSleeper(alarm, timerSleeper(clock, clock), isQuiet),
  });
  const woken: number[] = [];
  return { clock, alarm, woken, wakeAt: (dueNs) => pacer.wakeAt(dueNs, () => woken.push(clock.now())) };
}

describe('a pacer that sleeps on an alarm', () => {
  test.for<[string, boolean, number]>([
    ['nothing is in flight', true, 2 * MS],
    ['something is in flight', false, 0.3 * MS],
  ])('wakes up that long before the due time when %s', ([, isQuiet, leadNs]) => {
    const { clock, alarm, wakeAt, woken } = setUp(() => isQuiet);
    wakeAt(10 * MS);
    clock.advanceTo(11 * MS);
    expect(alarm.times).toEqual([10 * MS - leadNs]);
    expect(woken).toEqual([10 * MS]);
  });

  test('gets up earlier once nothing is in flight any more', () => {
    let isQuiet = false;
    const { clock, alarm, wakeAt, woken } = setUp(() => isQuiet);
    wakeAt(10 * MS);
    clock.advanceTo(5 * MS);
    isQuiet = true;
    wakeAt(10 * MS);
    clock.advanceTo(11 * MS);
    expect(alarm.times).toEqual([9.7 * MS, 8 * MS]);
    expect(woken).toEqual([10 * MS]);
  });

  test('goes on with timers when the alarm breaks', () => {
    const { clock, alarm, wakeAt, woken } = setUp(() => false);
    wakeAt(10 * MS);
    clock.advanceTo(2 * MS);
    alarm.break();
    clock.advanceTo(11 * MS);
    wakeAt(30 * MS);
    clock.advanceTo(31 * MS);
    expect(alarm.times).toHaveLength(1);
    expect(woken).toEqual([10 * MS, 30 * MS]);
  });
});
