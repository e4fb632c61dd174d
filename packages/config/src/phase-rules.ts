import { type ConfigProblem, createProblem } from './config-problem.ts';
import type { LoadMode } from './phase-config.ts';
import type { PhaseField, PhaseInput } from './phase-input.ts';

/** Requests of a run that names no stop condition. */
export const DEFAULT_REQUEST_COUNT = 10;
/** Sessions in flight of a phase that is driven by nothing else. */
export const DEFAULT_CONCURRENCY = 1;

/** What the rules must know about the rest of the configuration. */
export interface PhaseFacts {
  readonly streaming: boolean;
  /** Mean number of turns of synthetic conversations; absent with an input file. */
  readonly turnsMean: number | undefined;
  readonly turnsLabel: string;
  readonly hasInputFile: boolean;
  readonly inputFileLabel: string;
  /** The first record of the input file has a timestamp; absent: not known. */
  readonly hasTimestamps: boolean | undefined;
}

/** Fields that mean nothing in a mode. */
const FOREIGN_FIELDS: Readonly<Record<LoadMode, readonly PhaseField[]>> = {
  concurrency: [
    'requestRatePerSec',
    'requestRateSeries',
    'userCount',
    'arrivalSmoothness',
    'requestRateRamp',
    'sendLagLimitMs',
  ],
  request_rate: ['userCount'],
  fixed_schedule: ['requestRatePerSec', 'requestRateSeries', 'userCount', 'arrivalSmoothness', 'requestRateRamp'],
  user_centric: ['requestRateSeries', 'arrivalSmoothness', 'requestRateRamp'],
};

/** Fields that mean nothing without another one. */
const COMPANIONS: readonly (readonly [field: PhaseField, needs: PhaseField])[] = [
  ['gracePeriodSec', 'durationSec'],
  ['concurrencyRamp', 'concurrency'],
  ['prefillConcurrencyRamp', 'prefillConcurrency'],
  ['cancellationDelaySec', 'cancellationRatePercent'],
];

/** What the user calls a field: as it was written where it is given. */
function labelOf(input: PhaseInput, field: PhaseField): string {
  return input.labels.get(field) ?? input.nameOf(field);
}

function missing(option: string, needed: string, remark = 'without which it has no effect'): ConfigProblem {
  return createProblem({
    kind: 'conflict',
    options: [option],
    expected: `${needed} beside it`,
    found: `no ${needed}`,
    remark,
  });
}

function conflict(options: readonly string[], expected: string, found: string, remark?: string): ConfigProblem {
  return createProblem({ kind: 'conflict', options, expected, found, ...(remark === undefined ? {} : { remark }) });
}

function* foreignFields(input: PhaseInput): Generator<ConfigProblem> {
  for (const field of FOREIGN_FIELDS[input.mode]) {
    const label = input.labels.get(field);
    if (label === undefined) continue;
    if (input.modeLabel !== undefined) {
      yield conflict([label, input.modeLabel], 'one of the two', 'both', input.modeRemark);
    } else {
      yield missing(label, field === 'userCount' ? input.userCentricName : input.nameOf('requestRatePerSec'));
    }
  }
}

function* rateProblems(input: PhaseInput): Generator<ConfigProblem> {
  const { labels, fields, mode } = input;
  const [rate, series] = [labels.get('requestRatePerSec'), labels.get('requestRateSeries')];
  const [pattern, smoothness] = [labels.get('arrivalPattern'), labels.get('arrivalSmoothness')];
  const ramp = labels.get('requestRateRamp');
  if (mode === 'user_centric' && rate === undefined) {
    yield missing(input.modeLabel ?? input.label, input.nameOf('requestRatePerSec'), 'which it needs');
  }
  if (mode !== 'request_rate') return;
  if (rate === undefined && series === undefined) {
    yield missing(input.modeLabel ?? input.label, input.nameOf('requestRatePerSec'), 'which it needs');
  }
  if (rate !== undefined && series !== undefined) yield conflict([rate, series], 'one of the two', 'both');
  if (ramp !== undefined && rate === undefined && series !== undefined) {
    yield conflict([ramp, series], 'one of the two', 'both', 'and a series says itself how the rate changes');
  }
  if (pattern !== undefined && fields.arrivalPattern === 'concurrency_burst') {
    const offered = rate ?? series ?? input.label;
    yield conflict([pattern, offered], 'a law of intervals, or no rate', '"concurrency_burst", which has no intervals');
  } else if (
    smoothness !== undefined &&
    pattern !== undefined &&
    !['gamma', undefined].includes(fields.arrivalPattern)
  ) {
    yield conflict([smoothness, pattern], 'the gamma pattern', JSON.stringify(fields.arrivalPattern));
  }
}

function* slotProblems(input: PhaseInput, facts: PhaseFacts): Generator<ConfigProblem> {
  const { labels, fields, mode } = input;
  const prefill = labels.get('prefillConcurrency');
  if (prefill === undefined) return;
  if (!facts.streaming) yield missing(prefill, '--streaming', 'without which no first token is seen');
  const isDefault = mode === 'concurrency' && !labels.has('concurrency');
  const concurrency = fields.concurrency ?? (isDefault ? DEFAULT_CONCURRENCY : undefined);
  if (fields.prefillConcurrency === undefined || concurrency === undefined) return;
  if (fields.prefillConcurrency <= concurrency) return;
  const found = `${fields.prefillConcurrency} above ${concurrency}${isDefault ? ', the default' : ''}`;
  yield conflict(
    [prefill, labelOf(input, 'concurrency')],
    'a prefill concurrency that is not above the concurrency',
    found,
  );
}

function* userProblems(input: PhaseInput, facts: PhaseFacts): Generator<ConfigProblem> {
  const { labels, fields } = input;
  if (input.mode !== 'user_centric') return;
  const by = input.modeLabel ?? input.label;
  const users = labels.get('userCount');
  if (users === undefined) yield missing(by, input.nameOf('userCount'), 'which it needs');
  if (facts.turnsMean !== undefined && facts.turnsMean < 2) {
    yield conflict([by, facts.turnsLabel], 'conversations of at least 2 turns', `a mean of ${facts.turnsMean}`);
  }
  if (users === undefined || fields.userCount === undefined) return;
  const isDefaultStop = input.hasDefaultStop && !hasStop(input);
  const limits = [
    ['requestCount', isDefaultStop ? DEFAULT_REQUEST_COUNT : fields.requestCount, 'requests'],
    ['sessionCount', fields.sessionCount, 'conversations'],
  ] as const;
  for (const [field, count, what] of limits) {
    if (count === undefined || count >= fields.userCount) continue;
    const found = `${count}${isDefaultStop ? ', the default,' : ''} for ${fields.userCount} users`;
    yield conflict([users, labelOf(input, field)], `at least as many ${what} as users`, found);
  }
}

function* scheduleProblems(input: PhaseInput, facts: PhaseFacts): Generator<ConfigProblem> {
  if (input.mode !== 'fixed_schedule') return;
  const by = input.modeLabel ?? input.label;
  if (!facts.hasInputFile) yield missing(by, facts.inputFileLabel, 'which holds the times');
  else if (facts.hasTimestamps === false) {
    yield conflict([by, facts.inputFileLabel], 'records with a timestamp', 'a first record without one');
  }
}

/** True when something says where the phase ends. */
export function hasStop({ labels }: PhaseInput): boolean {
  return labels.has('requestCount') || labels.has('sessionCount') || labels.has('durationSec');
}

/** What is wrong between the fields of one phase. */
export function* phaseProblems(input: PhaseInput, facts: PhaseFacts): Generator<ConfigProblem> {
  yield* foreignFields(input);
  yield* rateProblems(input);
  for (const [field, needs] of COMPANIONS) {
    const label = input.labels.get(field);
    if (label !== undefined && !input.labels.has(needs)) yield missing(label, input.nameOf(needs));
  }
  yield* slotProblems(input, facts);
  yield* userProblems(input, facts);
  yield* scheduleProblems(input, facts);
  if (!hasStop(input) && !input.hasDefaultStop && input.mode !== 'fixed_schedule') {
    const stops = (['requestCount', 'sessionCount', 'durationSec'] as const).map(input.nameOf).join(', ');
    yield conflict([input.label], `an end: one of ${stops}`, 'none');
  }
}
