import type { PhaseConfig, RampConfig } from './phase-config.ts';
import type { UserConfig } from './user-config.ts';

/** Infinity has no JSON form; AIPerf's configuration spells it so. */
function jsonSeconds(sec: number): number | 'inf' {
  return Number.isFinite(sec) ? sec : 'inf';
}

/** AIPerf's name for what drives a phase. */
function typeOf({ mode, arrivalPattern }: PhaseConfig): string {
  return mode === 'request_rate' ? arrivalPattern : mode;
}

function describeRamp(ramp: RampConfig | undefined): unknown {
  if (ramp === undefined) return undefined;
  return ramp.shape === 'linear' ? ramp.durationSec : { duration: ramp.durationSec, shape: ramp.shape };
}

/** Option group of the fields of a phase that was made from options. */
function groupOf({ kind }: PhaseConfig): 'load' | 'warmup' {
  return kind === 'warmup' ? 'warmup' : 'load';
}

function describeSchedule(
  { fixedSchedule }: UserConfig,
  given: ReadonlySet<string>,
): Readonly<Record<string, unknown>> {
  return {
    auto_offset: given.has('fixedSchedule.autoOffset') ? fixedSchedule.autoOffset : undefined,
    start_offset: fixedSchedule.startOffsetMs,
    end_offset: fixedSchedule.endOffsetMs,
  };
}

/** The phases in the shape of AIPerf's `input_config`, what is only a default left out. */
export function describePhases(
  config: UserConfig,
  given: ReadonlySet<string>,
): readonly Readonly<Record<string, unknown>>[] {
  return config.phases.map((phase) => {
    const { cancellation, requestRateSeries } = phase;
    const wasGiven = (option: string, field: string): boolean =>
      given.has(`${groupOf(phase)}.${option}`) || given.has(`phases.${phase.name}.${field}`);
    return {
      name: phase.name,
      kind: phase.kind,
      type: typeOf(phase),
      exclude_from_results: phase.kind === 'warmup' ? true : undefined,
      requests: phase.requestCount,
      sessions: phase.sessionCount,
      duration: phase.durationSec,
      rate: phase.requestRatePerSec,
      rate_series: requestRateSeries?.map(({ timeSec, ratePerSec }) => ({ time_s: timeSec, qps: ratePerSec })),
      // A warm-up has it from the options of the load.
      smoothness:
        given.has('load.arrivalSmoothness') || wasGiven('arrivalSmoothness', 'arrivalSmoothness')
          ? phase.arrivalSmoothness
          : undefined,
      users: phase.userCount,
      concurrency: phase.concurrency,
      prefill_concurrency: phase.prefillConcurrency,
      concurrency_ramp: describeRamp(phase.concurrencyRamp),
      prefill_ramp: describeRamp(phase.prefillConcurrencyRamp),
      rate_ramp: describeRamp(phase.requestRateRamp),
      grace_period: wasGiven('gracePeriodSec', 'gracePeriodSec') ? jsonSeconds(phase.gracePeriodSec) : undefined,
      cancellation:
        cancellation === undefined ? undefined : { rate: cancellation.ratePercent, delay: cancellation.delaySec },
      ...(phase.mode === 'fixed_schedule' ? describeSchedule(config, given) : {}),
      send_lag_limit: wasGiven('sendLagLimitSec', 'sendLagLimitMs') ? (phase.sendLagLimitMs ?? 0) / 1000 : undefined,
      seamless: phase.seamless ? true : undefined,
    };
  });
}
