import type { Clock } from '@aiperf/records/clock';
import { EventLoopMonitor } from './event-loop-health.ts';
import type { WorkerMessages } from './messages.ts';

type Health = WorkerMessages['worker_health'];

/** What the process cannot tell by itself. */
export type WorkerCounts = Pick<
  Health,
  'in_progress' | 'sessions' | 'sockets_open' | 'completed' | 'failed' | 'pending_batches'
>;

const INTERVAL_MS = 1_000;
const BYTES_PER_MIB = 1024 * 1024;

/** Publishes the worker's health each second; the returned function ends it. */
export function startWorkerHealth(
  clock: Clock,
  counts: () => WorkerCounts,
  publish: (health: Health) => void,
): () => void {
  const eventLoop = new EventLoopMonitor();
  let lastCpu = process.cpuUsage();
  let lastMs = performance.now();
  let lastMemory = { rss: Number.NaN, heapUsed: Number.NaN };
  const readMemory = (): void => {
    try {
      lastMemory = process.memoryUsage();
    } catch {
      // It is read from a file, which takes a descriptor; a worker that has none left must go on. The last reading stands.
    }
  };
  readMemory();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const cpu = process.cpuUsage(lastCpu);
    const cpuMs = (cpu.user + cpu.system) / 1000;
    const elapsedMs = nowMs - lastMs;
    lastCpu = process.cpuUsage();
    lastMs = nowMs;
    readMemory();
    publish({
      pid: process.pid,
      time_ns: clock.now(),
      uptime_sec: process.uptime(),
      cpu_usage: (100 * cpuMs) / elapsedMs,
      memory_usage: lastMemory.rss / BYTES_PER_MIB,
      heap_used_mib: lastMemory.heapUsed / BYTES_PER_MIB,
      ...eventLoop.take(),
      ...counts(),
    });
  }, INTERVAL_MS);
  return () => {
    clearInterval(timer);
    eventLoop.stop();
  };
}
