import type { ArrivalPattern, UserConfig } from '@aiperf/config';
import type { PhaseKind } from '../credit.ts';
import { TimingError } from '../timing-error.ts';

/** The load is kept at a number of requests in flight. */
export interface ConcurrencyLoad {
  readonly mode: 'concurrency';
  readonly concurrency: number;
}

/** Requests become due at a rate, whatever the server does. */
export interface RequestRateLoad {
  readonly mode: 'request_rate';
  readonly requestRatePerSec: number;
  readonly arrivalPattern: ArrivalPattern;
  /** Requests in flight at most; `null`: no limit. A request that is due waits for a slot. */
  readonly concurrency: number | null;
}

/** How the requests of a phase are offered. */
export type PhaseLoad = ConcurrencyLoad | RequestRateLoad;

/** One stretch of load, as it is asked for. At least one of `requestCount` and `durationNs` is set. */
export interface PhasePlan {
  readonly phaseIndex: number;
  readonly kind: PhaseKind;
  readonly load: PhaseLoad;
  readonly requestCount: number | null;
  readonly durationNs: number | null;
  /** Time after `durationNs` that requests in flight may still take before they are cancelled; `null`: they are waited for. */
  readonly gracePeriodNs: number | null;
}

/** Requests of a run that names neither a count nor a duration. */
const DEFAULT_REQUEST_COUNT = 10;
const DEFAULT_CONCURRENCY = 1;

/** The phases of a run in their order: a warm-up if one is asked for, with the load of the profiling phase, then profiling. */
export function planPhases(config: UserConfig): PhasePlan[] {
  const { load: options } = config;
  const load = planLoad(config);
  const plans: PhasePlan[] = [];
  const warmupRequestCount = options.warmupRequestCount ?? 0;
  if (warmupRequestCount > 0) {
    plans.push({
      phaseIndex: 0,
      kind: 'warmup',
      load,
      requestCount: wholeAtLeastOne('--warmup-request-count', warmupRequestCount),
      durationNs: null,
      gracePeriodNs: null,
    });
  }
  const durationSec = options.benchmarkDurationSec;
  if (durationSec !== undefined && !(durationSec > 0 && Number.isFinite(durationSec))) {
    throw new TimingError('AIPERF_TIMING_PLAN', `--benchmark-duration must be above 0 seconds, not ${durationSec}`);
  }
  const requestCount = options.requestCount ?? (durationSec === undefined ? DEFAULT_REQUEST_COUNT : undefined);
  plans.push({
    phaseIndex: plans.length,
    kind: 'profiling',
    load,
    requestCount: requestCount === undefined ? null : wholeAtLeastOne('--request-count', requestCount),
    durationNs: durationSec === undefined ? null : Math.round(durationSec * 1e9),
    gracePeriodNs:
      durationSec === undefined || !Number.isFinite(options.gracePeriodSec)
        ? null
        : Math.round(options.gracePeriodSec * 1e9),
  });
  return plans;
}

function planLoad({ load }: UserConfig): PhaseLoad {
  const concurrency = load.concurrency === undefined ? undefined : wholeAtLeastOne('--concurrency', load.concurrency);
  if (load.requestRatePerSec === undefined) {
    return { mode: 'concurrency', concurrency: concurrency ?? DEFAULT_CONCURRENCY };
  }
  return {
    mode: 'request_rate',
    requestRatePerSec: load.requestRatePerSec,
    arrivalPattern: load.arrivalPattern,
    concurrency: concurrency ?? null,
  };
}

function wholeAtLeastOne(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new TimingError('AIPERF_TIMING_PLAN', `${option} must be a whole number of at least 1, not ${value}`);
}
