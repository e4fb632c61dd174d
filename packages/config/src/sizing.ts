import type { PhaseConfig } from './phase-config.ts';
import type { UserConfig } from './user-config.ts';

/** Share of the CPUs that workers may take; the rest is for record processors and the other services. */
const WORKER_CPU_RATIO = 0.75;
const MOST_DEFAULT_WORKERS = 32;
const WORKERS_PER_RECORD_PROCESSOR = 4;
/** At 1,000 tokens a request this is 50,000 events a second, half of what one worker reads; a low rate needs no further processes. */
const RATE_PER_WORKER_PER_SEC = 50;

/** Sessions that may be in flight at once; `Infinity` where the load does not say. */
function mostInFlight({ mode, concurrency, userCount }: PhaseConfig): number {
  const users = mode === 'user_centric' ? (userCount ?? 1) : Number.POSITIVE_INFINITY;
  return Math.min(concurrency ?? Number.POSITIVE_INFINITY, users);
}

/** Requests started each second at most; `Infinity` where only the server says, or a recording. */
function peakRatePerSec({ mode, requestRatePerSec, requestRateSeries }: PhaseConfig): number {
  if (mode === 'concurrency' || mode === 'fixed_schedule') return Number.POSITIVE_INFINITY;
  const series = requestRateSeries?.map(({ ratePerSec }) => ratePerSec) ?? [];
  return Math.max(requestRatePerSec ?? 0, ...series);
}

/** Workers that a phase can keep busy. */
function usefulWorkers(phase: PhaseConfig): number {
  return Math.min(mostInFlight(phase), Math.ceil(peakRatePerSec(phase) / RATE_PER_WORKER_PER_SEC));
}

/**
 * Worker processes of a run: `--workers-max`, else three quarters of the CPUs less one, 32 at most; never more than the busiest phase can
 * use, and at least `--workers-min`, or one.
 */
export function workerCount(config: UserConfig, cpuCount: number): number {
  const { workersMin = 1, workersMax } = config.service;
  const byCpus = Math.min(Math.floor(WORKER_CPU_RATIO * cpuCount) - 1, MOST_DEFAULT_WORKERS);
  const useful = Math.max(...config.phases.map(usefulWorkers));
  const inFlight = Math.max(...config.phases.map(mostInFlight));
  return Math.max(1, workersMin, workersMax === undefined ? Math.min(byCpus, useful) : Math.min(workersMax, inFlight));
}

/** Record processors of a run: `--record-processors`, else one for every four workers. */
export function recordProcessorCount(config: UserConfig, workers: number): number {
  return config.service.recordProcessors ?? Math.max(1, Math.ceil(workers / WORKERS_PER_RECORD_PROCESSOR));
}

/** Connections that are open at once at most, as far as the load says: the sessions in flight of the largest phase; at least one. */
export function knownConnections(config: UserConfig): number {
  const known = config.phases.map(mostInFlight).filter((count) => Number.isFinite(count));
  return Math.max(1, ...known);
}
