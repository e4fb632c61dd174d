import { expect, test } from 'vitest';
import { startTimerAt } from './timers.ts';
import { VirtualClock } from './virtual-clock.ts';

test('timers fire at their times in order, those of one time before the callbacks of the turn', () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  clock.startTimer(2, () => seen.push(`b ${clock.now()}`));
  clock.startTimer(1, () => {
    seen.push(`a ${clock.now()}`);
    clock.runSoon(() => seen.push(`soon ${clock.now()}`));
  });
  clock.startTimer(1, () => seen.push(`a2 ${clock.now()}`));
  const cancel = clock.startTimer(1.5, () => seen.push('never'));
  cancel();
  clock.advanceTo(1.9e6);
  expect(seen).toEqual(['a 1000000', 'a2 1000000', 'soon 1000000']);
  clock.advanceBy(1e6);
  expect(seen.at(-1)).toBe('b 2000000');
  expect(clock.now()).toBe(2.9e6);
});

test('a turn can take time', () => {
  const clock = new VirtualClock({ turnNs: 10 });
  let turns = 0;
  const spin = (): void => {
    turns += 1;
    clock.runSoon(spin);
  };
  spin();
  clock.advanceTo(1000);
  expect(turns).toBe(101);
});

test('whoever spins while time stands still is found out', () => {
  const clock = new VirtualClock();
  const spin = (): void => clock.runSoon(spin);
  spin();
  expect(() => clock.advanceTo(1)).toThrow('virtual time stands still at 0 ns');
});

test('wall time is the anchor plus the monotonic time', () => {
  const clock = new VirtualClock();
  clock.advanceTo(5);
  expect(clock.toEpoch(clock.now()) - BigInt(clock.origin.epochNs)).toBe(5n);
});

test('a time beyond the longest timer is reached in steps, and can be taken back', () => {
  const clock = new VirtualClock();
  const seen: number[] = [];
  startTimerAt(clock, clock, 60 * 86_400e9, () => seen.push(clock.now()));
  const cancel = startTimerAt(clock, clock, 61 * 86_400e9, () => seen.push(-1));
  clock.advanceTo(50 * 86_400e9);
  expect(seen).toEqual([]);
  cancel();
  clock.advanceTo(70 * 86_400e9);
  expect(seen).toEqual([60 * 86_400e9]);
});
