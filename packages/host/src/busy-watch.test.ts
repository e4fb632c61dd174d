import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchBusy } from './busy-watch.ts';

/** CPU time of the thread since its start, µs. */
let cpuUs = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  cpuUs = 0;
  vi.spyOn(process, 'threadCpuUsage').mockImplementation((since) => ({ user: cpuUs - (since?.user ?? 0), system: 0 }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** 300 ms in which the thread works for a share of them. */
function pass(busyRatio: number): void {
  cpuUs += 300_000 * busyRatio;
  vi.advanceTimersByTime(300);
}

test('reports a thread that has hardly slept for three intervals, once', () => {
  const onBusy = vi.fn();
  watchBusy(onBusy);
  for (const busyRatio of [0.5, 0.97, 0.96, 0.94, 0.97, 0.96]) pass(busyRatio);
  expect(onBusy).not.toHaveBeenCalled();
  pass(0.95);
  expect(onBusy).toHaveBeenCalledTimes(1);
  for (let interval = 0; interval < 6; interval += 1) pass(1);
  expect(onBusy).toHaveBeenCalledTimes(1);
});

test('a watch that was ended reports nothing', () => {
  const onBusy = vi.fn();
  const end = watchBusy(onBusy);
  pass(1);
  pass(1);
  end();
  pass(1);
  expect(onBusy).not.toHaveBeenCalled();
});
