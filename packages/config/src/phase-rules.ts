import { type ConfigProblem, createProblem } from './config-problem.ts';
import { hasStop, LOAD_TABLE, STOP_FIELDS } from './options/load-table.ts';
import type { PhaseField, PhaseInput } from './phase-input.ts';
import { settledValue } from './resolve-phase.ts';

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

/** Fields that mean nothing in the phase's mode, or without another one. */
function* idleFields(input: PhaseInput): Generator<ConfigProblem> {
  for (const [field, label] of input.labels) {
    const { modes, needs } = LOAD_TABLE[field];
    if (needs !== undefined && !input.labels.has(needs)) yield missing(label, input.nameOf(needs));
    if (modes?.includes(input.mode) !== false) continue;
    if (input.modeLabel !== undefined) {
      yield conflict([label, input.modeLabel], 'one of the two', 'both', input.modeRemark);
    } else {
      yield missing(label, modes.includes('request_rate') ? input.nameOf('requestRatePerSec') : input.userCentricName);
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
  const { labels, fields } = input;
  const prefill = labels.get('prefillConcurrency');
  if (prefill === undefined) return;
  if (!facts.streaming) yield missing(prefill, '--streaming', 'without which no first token is seen');
  const concurrency = settledValue(input, 'concurrency');
  if (fields.prefillConcurrency === undefined || concurrency === undefined) return;
  if (fields.prefillConcurrency <= concurrency) return;
  const found = `${fields.prefillConcurrency} above ${concurrency}${labels.has('concurrency') ? '' : ', the default'}`;
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
  const limits = [
    ['requestCount', 'requests'],
    ['sessionCount', 'conversations'],
  ] as const;
  for (const [field, what] of limits) {
    const count = settledValue(input, field);
    if (count === undefined || count >= fields.userCount) continue;
    const found = `${count}${labels.has(field) ? '' : ', the default,'} for ${fields.userCount} users`;
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

/** What is wrong between the fields of one phase. */
export function* phaseProblems(input: PhaseInput, facts: PhaseFacts): Generator<ConfigProblem> {
  yield* idleFields(input);
  yield* rateProblems(input);
  yield* slotProblems(input, facts);
  yield* userProblems(input, facts);
  yield* scheduleProblems(input, facts);
  if (!hasStop(input) && !input.hasDefaultStop && input.mode !== 'fixed_schedule') {
    const stops = STOP_FIELDS.map(input.nameOf).join(', ');
    yield conflict([input.label], `an end: one of ${stops}`, 'none');
  }
}
