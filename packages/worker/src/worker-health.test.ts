import { setImmediate as nextTurn } from 'node:timers/promises';
import { createClock } from '@aiperf/records/clock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EventLoopMonitor, type EventLoopHealth } from './event-loop-health.ts';
import type { WorkerMessages } from './messages.ts';
import { startWorkerHealth } from './worker-health.ts';

type Health = WorkerMessages['worker_health'];

const COUNTS = { in_progress: 3, sessions: 5, sockets_open: 4, completed: 20, failed: 1, pending_batches: 2 };

describe('worker health', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is published each second until it is stopped', () => {
    const published: Health[] = [];
    const stop = startWorkerHealth(
      createClock(),
      () => COUNTS,
      (health) => published.push(health),
    );
    vi.advanceTimersByTime(3_500);
    expect(published).toHaveLength(3);
    for (const health of published) {
      expect(health).toMatchObject({ pid: process.pid, ...COUNTS });
      expect(health.memory_usage).toBeGreaterThan(health.heap_used_mib);
      expect(health.heap_used_mib).toBeGreaterThan(1);
      expect(health.event_loop_utilization).toBeGreaterThanOrEqual(0);
      expect(health.event_loop_utilization).toBeLessThanOrEqual(1);
      expect(JSON.parse(JSON.stringify(health))).toEqual(health);
    }
    const times = published.map(({ time_ns: timeNs }) => timeNs);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    stop();
    vi.advanceTimersByTime(3_000);
    expect(published).toHaveLength(3);
  });
});

/** Looks until something is seen that the event loop needs a moment for. */
async function takeUntil(
  monitor: EventLoopMonitor,
  work: () => void,
  isSeen: (health: EventLoopHealth) => boolean,
): Promise<EventLoopHealth> {
  for (let attempt = 0; attempt < 50; attempt++) {
    for (let turn = 0; turn < 4; turn++) {
      work();
      await nextTurn();
    }
    const health = monitor.take();
    if (isSeen(health)) return health;
  }
  return expect.unreachable('it was never seen');
}

describe('the event loop', () => {
  test('is seen to be held up', async () => {
    const monitor = new EventLoopMonitor();
    const hold = (): void => {
      const endMs = performance.now() + 40;
      while (performance.now() < endMs);
    };
    const health = await takeUntil(monitor, hold, (seen) => (seen.event_loop_delay_max_ms ?? 0) > 0);
    monitor.stop();
    // The timer fires every 10 ms, so of 40 ms at least 20 are late.
    expect(health.event_loop_delay_max_ms).toBeGreaterThan(20);
    expect(health.event_loop_delay_p99_ms).toBeGreaterThanOrEqual(health.event_loop_delay_p50_ms ?? Infinity);
    expect(health.event_loop_utilization).toBeGreaterThan(0.5);
  });

  test('without a sample the delays are unknown and not zero', () => {
    const monitor = new EventLoopMonitor();
    expect(monitor.take()).toMatchObject({
      event_loop_delay_p50_ms: null,
      event_loop_delay_p99_ms: null,
      event_loop_delay_max_ms: null,
    });
    monitor.stop();
  });

  test('collections of garbage are counted once', async () => {
    const monitor = new EventLoopMonitor();
    const kept: unknown[][] = [];
    const fill = (): void => {
      for (let i = 0; i < 20_000; i++) kept[i % 100] = Array.from({ length: 50 }, () => ({ i }));
    };
    const health = await takeUntil(monitor, fill, ({ gc_count: count }) => count > 0);
    expect(health.gc_total_ms).toBeGreaterThanOrEqual(health.gc_max_ms);
    expect(health.gc_max_ms).toBeGreaterThan(0);
    monitor.stop();
    expect(kept.length).toBe(100);
    expect(monitor.take().gc_count).toBe(0);
  });
});
