import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import type { WorkerMessages } from './messages.ts';

/** How well this process's event loop kept up. */
export type EventLoopHealth = Pick<
  WorkerMessages['worker_health'],
  | 'event_loop_delay_p50_ms'
  | 'event_loop_delay_p99_ms'
  | 'event_loop_delay_max_ms'
  | 'event_loop_utilization'
  | 'gc_count'
  | 'gc_total_ms'
  | 'gc_max_ms'
>;

/** A native timer, so that watching costs next to nothing. */
const RESOLUTION_MS = 10;

/** Watches the event loop and the garbage collector of this process. */
export class EventLoopMonitor {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #collections: PerformanceObserver;
  #utilization = performance.eventLoopUtilization();
  #gcCount = 0;
  #gcTotalMs = 0;
  #gcMaxMs = 0;

  constructor() {
    this.#delays.enable();
    this.#collections = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) {
        this.#gcCount++;
        this.#gcTotalMs += duration;
        this.#gcMaxMs = Math.max(this.#gcMaxMs, duration);
      }
    });
    this.#collections.observe({ entryTypes: ['gc'] });
  }

  /** What happened since the last call. */
  take(): EventLoopHealth {
    const delays = this.#delays;
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const hasDelays = delays.count > 0;
    const health: EventLoopHealth = {
      event_loop_delay_p50_ms: hasDelays ? lateMs(delays.percentile(50)) : null,
      event_loop_delay_p99_ms: hasDelays ? lateMs(delays.percentile(99)) : null,
      event_loop_delay_max_ms: hasDelays ? lateMs(delays.max) : null,
      event_loop_utilization: performance.eventLoopUtilization(this.#utilization, before).utilization,
      gc_count: this.#gcCount,
      gc_total_ms: this.#gcTotalMs,
      gc_max_ms: this.#gcMaxMs,
    };
    delays.reset();
    this.#gcCount = 0;
    this.#gcTotalMs = 0;
    this.#gcMaxMs = 0;
    return health;
  }

  stop(): void {
    this.#delays.disable();
    this.#collections.disconnect();
  }
}

/** The histogram holds the times between two firings of its timer. */
function lateMs(betweenNs: number): number {
  return Math.max(0, betweenNs / 1e6 - RESOLUTION_MS);
}
