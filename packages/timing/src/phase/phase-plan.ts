import type { FixedScheduleConfig, PhaseConfig, UserConfig } from '@aiperf/config';
import type { PhaseKind } from '../credit.ts';
import { TimingError } from '../timing-error.ts';

/** One stretch of load, as it is asked for. */
export interface PhasePlan {
  readonly phaseIndex: number;
  readonly name: string;
  readonly kind: PhaseKind;
  /** What drives it. Burst arrivals with a limit of sessions are a closed loop. */
  readonly mode: PhaseConfig['mode'];
  readonly load: PhaseConfig;
  readonly fixedSchedule: FixedScheduleConfig;
  readonly requestCount: number | null;
  readonly sessionCount: number | null;
  readonly durationNs: number | null;
  /** Time after `durationNs` that requests in flight may still take before they are cancelled; `null`: they are waited for. */
  readonly gracePeriodNs: number | null;
}

type CountField = 'concurrency' | 'prefillConcurrency' | 'userCount' | 'requestCount' | 'sessionCount';

/** The phases of a run in their order. */
export function planPhases(config: Pick<UserConfig, 'phases' | 'fixedSchedule'>): PhasePlan[] {
  return config.phases.map((load, phaseIndex) => planPhase(load, phaseIndex, config.fixedSchedule));
}

/** One phase; contradictions that a library user could make are refused with the field's name. */
export function planPhase(load: PhaseConfig, phaseIndex: number, fixedSchedule: FixedScheduleConfig): PhasePlan {
  const check = (field: CountField, isRequired = false): void => {
    const value = load[field];
    if (value === undefined && !isRequired) return;
    if (Number.isSafeInteger(value) && Number(value) >= 1) return;
    throw new TimingError(
      'AIPERF_TIMING_PLAN',
      `phase ${load.name}: ${field} must be a whole number of at least 1, not ${value}`,
    );
  };
  const mode = modeOf(load);
  check('concurrency', mode === 'concurrency');
  check('prefillConcurrency');
  check('userCount', mode === 'user_centric');
  check('requestCount');
  check('sessionCount');
  const { durationSec, requestCount, sessionCount, gracePeriodSec } = load;
  if (durationSec !== undefined && !(durationSec > 0 && Number.isFinite(durationSec))) {
    throw new TimingError(
      'AIPERF_TIMING_PLAN',
      `phase ${load.name}: durationSec must be above 0 seconds, not ${durationSec}`,
    );
  }
  const isEndless = requestCount === undefined && sessionCount === undefined;
  if (isEndless && durationSec === undefined && mode !== 'fixed_schedule') {
    throw new TimingError(
      'AIPERF_TIMING_PLAN',
      `phase ${load.name} would never end: it needs a requestCount, a sessionCount or a durationSec`,
    );
  }
  if (isEndless && mode === 'request_rate' && load.arrivalPattern === 'concurrency_burst') {
    throw new TimingError(
      'AIPERF_TIMING_PLAN',
      `phase ${load.name}: burst arrivals have no end without a concurrency, a requestCount or a sessionCount`,
    );
  }
  return {
    phaseIndex,
    name: load.name,
    kind: load.kind,
    mode,
    load,
    fixedSchedule,
    requestCount: requestCount ?? null,
    sessionCount: sessionCount ?? null,
    durationNs: durationSec === undefined ? null : Math.round(durationSec * 1e9),
    gracePeriodNs:
      durationSec === undefined || !Number.isFinite(gracePeriodSec) ? null : Math.round(gracePeriodSec * 1e9),
  };
}

function modeOf({ mode, arrivalPattern, concurrency }: PhaseConfig): PhaseConfig['mode'] {
  const isBurst = mode === 'request_rate' && arrivalPattern === 'concurrency_burst';
  return isBurst && concurrency !== undefined ? 'concurrency' : mode;
}
