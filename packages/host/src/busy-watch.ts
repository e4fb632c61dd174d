/**
 * Linux leaves ordinary threads a twentieth of every core. Where a thread of the real-time class leaves them less, it is stopped for 50 ms
 * each second, once they have waited for one.
 */
const MOST_BUSY_RATIO = 0.95;
const WATCH_INTERVAL_MS = 300;
/** Shorter bursts, such as a worker's rehearsal, leave the others what they need. */
const BUSY_INTERVALS = 3;

/** Calls `onBusy`, once, when the main thread has hardly slept for almost a second. The returned function ends the watch. */
export function watchBusy(onBusy: () => void): () => void {
  let lastCpuMs = threadCpuMs();
  let lastMs = performance.now();
  let busyCount = 0;
  const timer = setInterval(() => {
    const cpuMs = threadCpuMs();
    const nowMs = performance.now();
    const busyRatio = (cpuMs - lastCpuMs) / (nowMs - lastMs);
    lastCpuMs = cpuMs;
    lastMs = nowMs;
    busyCount = busyRatio < MOST_BUSY_RATIO ? 0 : busyCount + 1;
    if (busyCount < BUSY_INTERVALS) return;
    clearInterval(timer);
    onBusy();
  }, WATCH_INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

/** CPU time of the main thread since its start. */
function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
