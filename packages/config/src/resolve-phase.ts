import type { ArrivalPattern, PhaseConfig } from './phase-config.ts';
import type { PhaseInput } from './phase-input.ts';
import { DEFAULT_CONCURRENCY, DEFAULT_REQUEST_COUNT, hasStop } from './phase-rules.ts';

const DEFAULT_GRACE_PERIOD_SEC = 30;
/** A hundredth of a second is felt by nobody, and far above what a client with time to spare needs. */
const DEFAULT_SEND_LAG_LIMIT_MS = 10;
/** AIPerf's. Later turns of a recorded conversation wait for the replies before them, which belongs to a replay. */
const DEFAULT_REPLAY_LAG_LIMIT_MS = 500;

function arrivalPattern({ fields }: PhaseInput): ArrivalPattern {
  return fields.arrivalPattern ?? (fields.arrivalSmoothness === undefined ? 'poisson' : 'gamma');
}

type Unsettled = { readonly [Field in keyof PhaseConfig]: PhaseConfig[Field] | undefined };

function withoutAbsent(fields: Unsettled): PhaseConfig {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function sendLagLimitMs({ mode, fields }: PhaseInput): number | undefined {
  if (mode === 'concurrency') return undefined;
  const isReplay = mode === 'fixed_schedule';
  return fields.sendLagLimitMs ?? (isReplay ? DEFAULT_REPLAY_LAG_LIMIT_MS : DEFAULT_SEND_LAG_LIMIT_MS);
}

/** Fills in the defaults of a phase that keeps the rules. */
export function resolvePhase(input: PhaseInput): PhaseConfig {
  const { name, kind, mode, fields, seamless } = input;
  const { cancellationRatePercent, cancellationDelaySec, gracePeriodSec, requestCount, concurrency, ...rest } = fields;
  const pattern = arrivalPattern(input);
  const isGamma = mode === 'request_rate' && pattern === 'gamma';
  const needsStop = input.hasDefaultStop && !hasStop(input) && mode !== 'fixed_schedule';
  // A warm-up is not worth cutting off: what it leaves in flight would load the measurement.
  const defaultGraceSec = kind === 'warmup' ? Number.POSITIVE_INFINITY : DEFAULT_GRACE_PERIOD_SEC;
  return withoutAbsent({
    ...rest,
    name,
    kind,
    mode,
    seamless,
    arrivalPattern: pattern,
    arrivalSmoothness: isGamma ? (fields.arrivalSmoothness ?? 1) : undefined,
    concurrency: concurrency ?? (mode === 'concurrency' ? DEFAULT_CONCURRENCY : undefined),
    requestCount: requestCount ?? (needsStop ? DEFAULT_REQUEST_COUNT : undefined),
    gracePeriodSec: gracePeriodSec ?? defaultGraceSec,
    cancellation:
      cancellationRatePercent === undefined
        ? undefined
        : { ratePercent: cancellationRatePercent, delaySec: cancellationDelaySec ?? 0 },
    sendLagLimitMs: sendLagLimitMs(input),
  });
}
