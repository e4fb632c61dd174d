import type { WorkerMessages } from './messages.ts';

type Health = WorkerMessages['worker_health'];

/** What the process cannot tell by itself. */
export type WorkerCounts = Pick<Health, 'in_progress' | 'completed' | 'failed' | 'pending_batches'>;

const INTERVAL_MS = 1_000;
const BYTES_PER_MIB = 1024 * 1024;

/** Publishes the worker's health each second; the returned function ends it. */
export function startWorkerHealth(counts: () => WorkerCounts, publish: (health: Health) => void): () => void {
  let lastCpu = process.cpuUsage();
  let lastMs = performance.now();
  let lastRssBytes = Number.NaN;
  const rssBytes = (): number => {
    try {
      lastRssBytes = process.memoryUsage.rss();
    } catch {
      // It is read from a file, which takes a descriptor; a worker that has none left must go on. The last reading stands.
    }
    return lastRssBytes;
  };
  rssBytes();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const cpu = process.cpuUsage(lastCpu);
    const cpuMs = (cpu.user + cpu.system) / 1000;
    const elapsedMs = nowMs - lastMs;
    lastCpu = process.cpuUsage();
    lastMs = nowMs;
    publish({
      pid: process.pid,
      uptime_sec: process.uptime(),
      cpu_usage: (100 * cpuMs) / elapsedMs,
      memory_usage: rssBytes() / BYTES_PER_MIB,
      ...counts(),
    });
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}
