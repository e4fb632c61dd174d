import type { UserConfig } from './user-config.ts';

/** Share of the CPUs that workers may take; the rest is for record processors and the other services. */
const WORKER_CPU_RATIO = 0.75;
const MOST_DEFAULT_WORKERS = 32;
const WORKERS_PER_RECORD_PROCESSOR = 4;

/**
 * Worker processes of a run: `--workers-max`, else three quarters of the CPUs less one, 32 at most; never more than the requests that may be
 * in flight, and at least one.
 */
export function workerCount(config: UserConfig, cpuCount: number): number {
  const { concurrency, requestRatePerSec } = config.load;
  const byCpus = Math.min(Math.floor(WORKER_CPU_RATIO * cpuCount) - 1, MOST_DEFAULT_WORKERS);
  const inFlight = concurrency ?? (requestRatePerSec === undefined ? 1 : Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(config.service.workersMax ?? byCpus, inFlight));
}

/** Record processors of a run: `--record-processors`, else one for every four workers. */
export function recordProcessorCount(config: UserConfig, workers: number): number {
  return config.service.recordProcessors ?? Math.max(1, Math.ceil(workers / WORKERS_PER_RECORD_PROCESSOR));
}
