import type { PhaseConfig } from './phase-config.ts';
import type { LoadConfig } from './user-config.ts';

/** Requests of a run that names no stop condition. */
const DEFAULT_REQUEST_COUNT = 10;
const DEFAULT_CONCURRENCY = 1;

/** The phases that the load options ask for: a warm-up if there is one, with the load of the profiling phase, then profiling. */
export function resolvePhases(load: LoadConfig): PhaseConfig[] {
  const hasRate = load.requestRatePerSec !== undefined;
  const concurrency = load.concurrency ?? (hasRate ? undefined : DEFAULT_CONCURRENCY);
  const offered = {
    mode: hasRate ? 'request_rate' : 'concurrency',
    arrivalPattern: load.arrivalPattern,
    seamless: false,
    ...(load.requestRatePerSec === undefined ? {} : { requestRatePerSec: load.requestRatePerSec }),
    ...(concurrency === undefined ? {} : { concurrency }),
  } as const;
  const phases: PhaseConfig[] = [];
  if (load.warmupRequestCount !== undefined) {
    const requestCount = load.warmupRequestCount;
    phases.push({ name: 'warmup', kind: 'warmup', ...offered, requestCount, gracePeriodSec: Number.POSITIVE_INFINITY });
  }
  const { benchmarkDurationSec: durationSec } = load;
  const requestCount = load.requestCount ?? (durationSec === undefined ? DEFAULT_REQUEST_COUNT : undefined);
  phases.push({
    name: 'profiling',
    kind: 'profiling',
    ...offered,
    ...(requestCount === undefined ? {} : { requestCount }),
    ...(durationSec === undefined ? {} : { durationSec }),
    gracePeriodSec: load.gracePeriodSec,
  });
  return phases;
}
