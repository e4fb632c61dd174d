/** Law of the intervals between arrivals. `concurrency_burst`: no intervals, a session starts as soon as a slot is free. */
export type ArrivalPattern = 'constant' | 'poisson' | 'gamma' | 'concurrency_burst';

/**
 * What drives a phase.
 * - `concurrency`: a number of sessions in flight is kept up.
 * - `request_rate`: requests become due at a rate, whatever the server does.
 * - `fixed_schedule`: requests become due at the times that the dataset recorded.
 * - `user_centric`: a number of users, each with a turn every users / rate seconds.
 */
export type LoadMode = 'concurrency' | 'request_rate' | 'fixed_schedule' | 'user_centric';

export type RampShape = 'linear' | 'exponential' | 'poisson';

/** A limit or a rate climbs to its target over this time. */
export interface RampConfig {
  readonly durationSec: number;
  readonly shape: RampShape;
}

/** One point of a rate that changes over time; linear in between. */
export interface RatePoint {
  readonly timeSec: number;
  readonly ratePerSec: number;
}

/** One stretch of load with its own stop conditions; the first that is reached ends it. Resolved: nothing falls back to another phase. */
export interface PhaseConfig {
  /** Unique within the run. */
  readonly name: string;
  /** Only records of profiling phases count in results. */
  readonly kind: 'warmup' | 'profiling';
  readonly mode: LoadMode;
  /** Of `request_rate` only. */
  readonly arrivalPattern: ArrivalPattern;
  /** Shape of the gamma law; 1 is Poisson. Of `gamma` only. */
  readonly arrivalSmoothness?: number;
  /** Of `request_rate` and `user_centric`: requests per second over all users. Absent with a series. */
  readonly requestRatePerSec?: number;
  /** In place of a rate: at least two points, times ascending. */
  readonly requestRateSeries?: readonly RatePoint[];
  /** Sessions in flight at most. Always there with `concurrency`; else absent: unlimited. */
  readonly concurrency?: number;
  /** Requests that wait for their first token at most. Absent: unlimited. */
  readonly prefillConcurrency?: number;
  /** Of `user_centric` only. */
  readonly userCount?: number;
  /** At least one of the three is there, except with `fixed_schedule`, which ends with its schedule. */
  readonly requestCount?: number;
  readonly sessionCount?: number;
  readonly durationSec?: number;
  /** Time after `durationSec` that requests in flight may still take; `Infinity`: all are waited for. */
  readonly gracePeriodSec: number;
  /** The next phase starts when this one has sent its last request, without waiting for the answers. */
  readonly seamless: boolean;
  readonly concurrencyRamp?: RampConfig;
  readonly prefillConcurrencyRamp?: RampConfig;
  readonly requestRateRamp?: RampConfig;
  /** Share of the requests that are cancelled, in percent, and how long after they were completely written. */
  readonly cancellation?: { readonly ratePercent: number; readonly delaySec: number };
  /** The schedule counts as slipped when the p99 of the send lag is above this. Absent with `concurrency`, which has no schedule. */
  readonly sendLagLimitMs?: number;
}

/** Which part of a recorded schedule is played, and how its times are shifted. */
export interface FixedScheduleConfig {
  /** The first time of the window becomes 0. */
  readonly autoOffset: boolean;
  /** Earlier entries are left out; ms of the recording. */
  readonly startOffsetMs?: number;
  /** Later entries are left out; ms of the recording. */
  readonly endOffsetMs?: number;
}
