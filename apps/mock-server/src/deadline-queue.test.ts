import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeadlineQueue } from './deadline-queue.ts';

let nowNs = 0;

beforeEach(() => {
  nowNs = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function advanceMs(ms: number): void {
  for (let step = 0; step < ms; step += 1) {
    nowNs += 1e6;
    vi.advanceTimersByTime(1);
  }
}

test('deadlines run in order of their due times', () => {
  const queue = new DeadlineQueue(() => nowNs);
  const ran: number[] = [];
  for (const dueMs of [5, 1, 9, 3, 7, 2]) {
    queue.add({ dueNs: dueMs * 1e6, onDue: () => ran.push(dueMs) < 0 });
  }
  advanceMs(10);
  queue.close();
  expect(ran).toEqual([1, 2, 3, 5, 7, 9]);
});

test('a repeated deadline keeps its absolute times', () => {
  const queue = new DeadlineQueue(() => nowNs);
  const ranAtMs: number[] = [];
  const deadline = {
    dueNs: 2.5e6,
    onDue: (): boolean => {
      ranAtMs.push(nowNs / 1e6);
      deadline.dueNs += 2.5e6;
      return ranAtMs.length < 4;
    },
  };
  queue.add(deadline);
  advanceMs(20);
  queue.close();
  expect(ranAtMs).toEqual([3, 5, 8, 10]);
});
