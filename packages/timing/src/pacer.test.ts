import { describe, expect, test } from 'vitest';
import { createPacer, NEAR_NS } from './pacer.ts';
import { VirtualClock } from './virtual-clock.ts';

const TURN_NS = 1_000;

describe('pacer', () => {
  test.for<[string, number]>([
    ['in the past', -5],
    ['now', 0],
    ['within the spinning window', 1_234_567],
    ['just beyond it', 3_000_001],
    ['a second away', 1_000_000_000],
    ['a month away, longer than a timer can be', 30 * 86_400e9],
  ])('wakes at a time %s, never early, at most two turns late', ([, dueNs]) => {
    const clock = new VirtualClock({ turnNs: TURN_NS });
    const pacer = createPacer({ clock, timers: clock });
    const woken: number[] = [];
    pacer.wakeAt(dueNs, () => woken.push(clock.now()));
    expect(woken).toEqual([]);
    clock.advanceTo(Math.max(0, dueNs) + 10 * TURN_NS);
    expect(woken).toHaveLength(1);
    expect(woken[0]).toBeGreaterThanOrEqual(dueNs);
    expect(woken[0]).toBeLessThanOrEqual(Math.max(0, dueNs) + 2 * TURN_NS);
    expect(clock.pendingTimerCount).toBe(0);
  });

  test('asking again replaces the wake-up, to earlier and to later', () => {
    const clock = new VirtualClock({ turnNs: TURN_NS });
    const pacer = createPacer({ clock, timers: clock });
    const woken: string[] = [];
    pacer.wakeAt(50e6, () => woken.push(`first at ${Math.floor(clock.now() / 1e6)}`));
    pacer.wakeAt(20e6, () => woken.push(`earlier at ${Math.floor(clock.now() / 1e6)}`));
    clock.advanceTo(30e6);
    pacer.wakeAt(40e6, () => woken.push(`next at ${Math.floor(clock.now() / 1e6)}`));
    pacer.wakeAt(70e6, () => woken.push(`later at ${Math.floor(clock.now() / 1e6)}`));
    clock.advanceTo(100e6);
    expect(woken).toEqual(['earlier at 20', 'later at 70']);
  });

  test('a wake-up that moves away while the pacer spins is not called early', () => {
    const clock = new VirtualClock({ turnNs: TURN_NS });
    const pacer = createPacer({ clock, timers: clock });
    const woken: number[] = [];
    pacer.wakeAt(1e6, () => woken.push(clock.now()));
    clock.advanceTo(0.5e6);
    pacer.wakeAt(90e6, () => woken.push(clock.now()));
    clock.advanceTo(89e6);
    expect(woken).toEqual([]);
    clock.advanceTo(91e6);
    expect(woken).toHaveLength(1);
  });

  test.for<[string, number, number]>([
    ['long before', 50e6, 1],
    ['within the spinning window', 1e6, 1],
    ['a passed one', -1, 0],
  ])('it tells once that a due time is near, asked %s', ([, dueNs, count]) => {
    const clock = new VirtualClock({ turnNs: TURN_NS });
    const pacer = createPacer({ clock, timers: clock });
    const near: number[] = [];
    pacer.wakeAt(
      dueNs,
      () => {},
      () => near.push(clock.now()),
    );
    expect(near).toEqual([]);
    clock.advanceTo(60e6);
    expect(near).toHaveLength(count);
    for (const atNs of near) {
      expect(atNs).toBeGreaterThanOrEqual(dueNs - NEAR_NS);
      expect(atNs).toBeLessThanOrEqual(Math.max(0, dueNs - 1.9e6) + TURN_NS);
    }
  });

  test('while it spins it keeps the thread for 10 µs at a time, and never past the due time', () => {
    const clock = new VirtualClock({ turnNs: TURN_NS });
    const kept: number[] = [];
    const timers = {
      startTimer: (delayMs: number, callback: () => void) => clock.startTimer(delayMs, callback),
      runSoon: (callback: () => void) => clock.runSoon(callback),
      spinUntil: (_: unknown, timeNs: number) => kept.push(timeNs - clock.now()),
    };
    const pacer = createPacer({ clock, timers });
    pacer.wakeAt(25_000, () => {});
    clock.advanceTo(30_000);
    expect(kept.slice(0, 3)).toEqual([10_000, 10_000, 10_000]);
    expect(kept.slice(-3)).toEqual([2_000, 1_000, 0]);
  });

  test('a cancelled wake-up never comes and leaves no timer', () => {
    const clock = new VirtualClock({ turnNs: TURN_NS });
    const pacer = createPacer({ clock, timers: clock });
    let wakeUps = 0;
    for (const dueNs of [1e6, 50e6]) {
      pacer.wakeAt(dueNs, () => (wakeUps += 1));
      pacer.cancel();
    }
    clock.advanceTo(100e6);
    expect([wakeUps, clock.pendingTimerCount]).toEqual([0, 0]);
  });

  test('a late wake-up does not shift the next one', () => {
    const clock = new VirtualClock({ turnNs: 300_000 });
    const pacer = createPacer({ clock, timers: clock });
    const latenessNs: number[] = [];
    const wake = (k: number): void => {
      if (k === 1000) return;
      pacer.wakeAt(k * 1e6, () => {
        latenessNs.push(clock.now() - k * 1e6);
        wake(k + 1);
      });
    };
    wake(0);
    clock.advanceTo(2e9);
    expect(latenessNs).toHaveLength(1000);
    expect(Math.max(...latenessNs)).toBeLessThanOrEqual(600_000);
  });

  test('does not spin while nothing is due within 2 ms', () => {
    const clock = new VirtualClock({ turnNs: TURN_NS });
    let turns = 0;
    const timers = {
      startTimer: clock.startTimer.bind(clock),
      runSoon: (callback: () => void) => {
        turns += 1;
        clock.runSoon(callback);
      },
    };
    createPacer({ clock, timers }).wakeAt(500e6, () => {});
    clock.advanceTo(497e6);
    expect(turns).toBe(0);
    clock.advanceTo(600e6);
    expect(turns).toBeGreaterThan(0);
    expect(turns).toBeLessThanOrEqual(3_001);
  });
});
