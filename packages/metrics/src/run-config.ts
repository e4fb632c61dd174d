import type { EndpointType } from '@aiperf/endpoints';
import type { PhaseKind } from '@aiperf/records';

/** An objective for every request: the metric, in its display unit, must be at most this (at least, where larger is better). */
export interface GoodputObjective {
  readonly tag: string;
  readonly value: number;
}

type LoadMode = 'concurrency' | 'request_rate' | 'fixed_schedule' | 'user_centric';

/** What of a run's options decides which metrics exist; a whole configuration is one. */
export interface MetricRunConfig {
  readonly endpoint: {
    readonly type: EndpointType;
    readonly streaming: boolean;
    readonly useServerTokenCount: boolean;
  };
  readonly input: { readonly extraInputs: Readonly<Record<string, unknown>> };
  readonly phases: readonly { readonly kind: PhaseKind; readonly mode: LoadMode }[];
  readonly metrics: {
    readonly goodput: readonly GoodputObjective[];
    /** ES modules that export further metrics; relative to the working directory. */
    readonly modules: readonly string[];
    readonly networkLatency: 'off' | 'auto' | { readonly rttMs: number };
  };
}

/** What was asked of a phase, as far as delivery is held against it; a phase of the configuration is one. */
export interface AskedPhase {
  readonly name: string;
  readonly kind: PhaseKind;
  readonly mode: LoadMode;
  readonly arrivalPattern: 'constant' | 'poisson' | 'gamma' | 'concurrency_burst';
  readonly arrivalSmoothness?: number;
  /** Absent with a series. */
  readonly requestRatePerSec?: number;
  readonly requestRateSeries?: readonly { readonly timeSec: number; readonly ratePerSec: number }[];
  readonly requestRateRamp?: { readonly durationSec: number; readonly shape: 'linear' | 'exponential' | 'poisson' };
  /** Absent: unlimited. */
  readonly concurrency?: number;
  readonly requestCount?: number;
  readonly sessionCount?: number;
  readonly durationSec?: number;
  readonly gracePeriodSec: number;
  readonly seamless: boolean;
  /** The schedule counts as slipped when the p99 of the send lag is above this. */
  readonly sendLagLimitMs?: number;
}
