import type { ArrivalPattern, LoadMode, RampConfig, RatePoint } from './phase-config.ts';

/** What was said about one phase, validated one by one, before the rules that look at several fields. */
export interface PhaseFields {
  readonly concurrency?: number;
  readonly prefillConcurrency?: number;
  /** Of `user_centric` too, where it is the rate over all users. */
  readonly requestRatePerSec?: number;
  readonly requestRateSeries?: readonly RatePoint[];
  readonly arrivalPattern?: ArrivalPattern;
  readonly arrivalSmoothness?: number;
  readonly userCount?: number;
  readonly requestCount?: number;
  readonly sessionCount?: number;
  readonly durationSec?: number;
  readonly gracePeriodSec?: number;
  readonly concurrencyRamp?: RampConfig;
  readonly prefillConcurrencyRamp?: RampConfig;
  readonly requestRateRamp?: RampConfig;
  readonly cancellationRatePercent?: number;
  readonly cancellationDelaySec?: number;
  readonly sendLagLimitMs?: number;
}

/** Name of a field of a phase. */
export type PhaseField = keyof PhaseFields;

/** One phase as the options or the configuration file ask for it. */
export interface PhaseInput {
  readonly name: string;
  readonly kind: 'warmup' | 'profiling';
  /** What the user calls the phase as a whole. */
  readonly label: string;
  readonly mode: LoadMode;
  /** What chose the mode, as the user wrote it. Absent: nothing did. */
  readonly modeLabel?: string;
  /** Why it did, where that is not plain. */
  readonly modeRemark?: string;
  readonly seamless: boolean;
  /** Without a stop condition of its own it ends after the default number of requests. */
  readonly hasDefaultStop: boolean;
  readonly fields: PhaseFields;
  /** Every field that was given, valid or not, as the user wrote it. */
  readonly labels: ReadonlyMap<PhaseField, string>;
  /** What a field would be called where it is not given. */
  readonly nameOf: (field: PhaseField) => string;
  /** What would make this a phase of user-centric load. */
  readonly userCentricName: string;
}
