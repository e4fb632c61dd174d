import { createProblem, type ConfigProblem } from './config-problem.ts';
import { FIELD_OF_OPTION, fieldValue, type LoadKey, PhaseDraft } from './load-fields.ts';
import { type Given, flagOf, nameOf } from './option-names.ts';
import type { UserOptions } from './options/groups.ts';
import type { LoadMode } from './phase-config.ts';
import type { PhaseField, PhaseInput } from './phase-input.ts';
import { DEFAULT_CONCURRENCY } from './phase-rules.ts';

const STOPS = ['requestCount', 'sessionCount', 'durationSec'] as const;

/** Load options that a warm-up takes from the profiling phase, whatever drives that. */
const FALLBACKS = ['concurrency', 'prefillConcurrency', 'requestRatePerSec', 'arrivalPattern'] as const;

const KEY_OF_FIELD: ReadonlyMap<PhaseField, LoadKey> = new Map(
  (Object.entries(FIELD_OF_OPTION) as [LoadKey, PhaseField][])
    .filter(([key]) => key !== 'userCentricRatePerSec')
    .map(([key, field]) => [field, key]),
);

/** The phases that the options ask for, and what is wrong with files that they name. */
export interface OptionPhases {
  readonly inputs: readonly PhaseInput[];
  readonly problems: readonly ConfigProblem[];
}

function draftOf(
  group: 'load' | 'warmup',
  options: UserOptions,
  given: Given,
  problems: ConfigProblem[],
): { readonly draft: PhaseDraft; readonly userCentric: PhaseDraft } {
  const draft = new PhaseDraft();
  const userCentric = new PhaseDraft();
  for (const { definition } of given.values()) {
    if (definition.group !== group) continue;
    const key = definition.key as LoadKey;
    const label = flagOf(given, definition.path);
    const option = (options[group] as Readonly<Partial<Record<LoadKey, unknown>>>)[key];
    const result = option === undefined ? { value: undefined } : fieldValue(key, option, label);
    const value = 'problem' in result ? undefined : result.value;
    if ('problem' in result) problems.push(result.problem);
    const target = key === 'userCentricRatePerSec' ? userCentric : draft;
    target.set(FIELD_OF_OPTION[key], label, value);
  }
  return { draft, userCentric };
}

function profilingMode(
  draft: PhaseDraft,
  userCentric: PhaseDraft,
  given: Given,
  isTimed: boolean,
): Pick<PhaseInput, 'mode' | 'modeLabel' | 'modeRemark'> {
  const fixed = given.get('fixedSchedule.enabled')?.value;
  if (fixed === true) return { mode: 'fixed_schedule', modeLabel: flagOf(given, 'fixedSchedule.enabled') };
  if (fixed !== false && isTimed) {
    const modeRemark = "since the file's first record has a timestamp, which --no-fixed-schedule ignores";
    return { mode: 'fixed_schedule', modeLabel: flagOf(given, 'input.inputFile'), modeRemark };
  }
  const userLabel = userCentric.labels.get('requestRatePerSec');
  if (userLabel !== undefined) return { mode: 'user_centric', modeLabel: userLabel };
  const hasRate = draft.labels.has('requestRatePerSec') || draft.labels.has('requestRateSeries');
  return { mode: hasRate ? 'request_rate' : 'concurrency' };
}

function warmupInput(profiling: PhaseInput, load: PhaseDraft, warmup: PhaseDraft): PhaseInput {
  const ownRate = warmup.labels.has('requestRatePerSec');
  for (const field of FALLBACKS) {
    const isRateless = field === 'arrivalPattern' && ownRate && load.value(field) === 'concurrency_burst';
    if (!isRateless) warmup.fallBack(load, field);
  }
  const isBurst = warmup.value('arrivalPattern') === 'concurrency_burst' && !ownRate;
  if (!ownRate) warmup.fallBack(load, 'requestRateSeries');
  const hasRate = warmup.labels.has('requestRatePerSec') || warmup.labels.has('requestRateSeries');
  const mode: LoadMode = hasRate && !isBurst ? 'request_rate' : 'concurrency';
  const draft = new PhaseDraft();
  const isForeign = (field: PhaseField): boolean =>
    mode === 'concurrency' && (field === 'requestRatePerSec' || field === 'requestRateSeries');
  for (const field of warmup.labels.keys()) if (!isForeign(field)) draft.fallBack(warmup, field);
  if (mode === 'request_rate') {
    const pattern = draft.value('arrivalPattern');
    if (pattern === undefined || pattern === 'gamma') draft.fallBack(load, 'arrivalSmoothness');
    if (draft.labels.has('requestRatePerSec')) draft.fallBack(load, 'requestRateRamp');
  }
  if (draft.labels.has('concurrency')) draft.fallBack(load, 'concurrencyRamp');
  if (draft.labels.has('prefillConcurrency')) draft.fallBack(load, 'prefillConcurrencyRamp');
  limitPrefill(draft, load, mode);
  return { ...profiling, ...phaseNames('warmup', draft), mode, fields: draft.fields, labels: draft.labels };
}

/** A prefill concurrency that was meant for a higher concurrency than the warm-up's is lowered to it. */
function limitPrefill(draft: PhaseDraft, load: PhaseDraft, mode: LoadMode): void {
  const label = draft.labels.get('prefillConcurrency');
  const prefill = draft.value('prefillConcurrency');
  const concurrency = draft.value('concurrency') ?? (mode === 'concurrency' ? DEFAULT_CONCURRENCY : undefined);
  const isOwn = label !== load.labels.get('prefillConcurrency');
  if (label === undefined || prefill === undefined || concurrency === undefined || isOwn) return;
  draft.set('prefillConcurrency', label, Math.min(prefill, concurrency));
}

function phaseNames(
  kind: 'warmup' | 'profiling',
  { labels, fields }: PhaseDraft,
): Omit<PhaseInput, 'mode' | 'modeLabel' | 'modeRemark'> {
  const group = kind === 'warmup' ? 'warmup' : 'load';
  return {
    name: kind,
    kind,
    label: kind === 'warmup' ? 'the warm-up' : 'the load',
    seamless: false,
    hasDefaultStop: kind === 'profiling',
    fields,
    labels,
    nameOf: (field) => nameOf(group, KEY_OF_FIELD.get(field) ?? field),
    userCentricName: nameOf('load', 'userCentricRatePerSec'),
  };
}

function needs(label: string, needed: string): ConfigProblem {
  return createProblem({
    kind: 'conflict',
    options: [label],
    expected: `${needed} beside it`,
    found: `no ${needed}`,
    remark: 'without which it has no effect',
  });
}

/** What is wrong with warm-up options by themselves. */
function* warmupProblems(warmup: PhaseDraft, hasWarmup: boolean): Generator<ConfigProblem> {
  const others = [...warmup.labels].filter(([field]) => field !== 'gracePeriodSec').map(([, label]) => label);
  if (!hasWarmup && others.length > 0) {
    const stops = STOPS.map((field) => nameOf('warmup', field)).join(', ');
    const found = 'none, and so no warm-up';
    yield createProblem({ kind: 'conflict', options: others, expected: `one of ${stops} beside it`, found });
  }
  const grace = warmup.labels.get('gracePeriodSec');
  if (!hasWarmup && grace !== undefined) yield needs(grace, nameOf('warmup', 'durationSec'));
  const ramp = warmup.labels.get('requestRateRamp');
  if (ramp !== undefined && !warmup.labels.has('requestRatePerSec')) {
    yield needs(ramp, nameOf('warmup', 'requestRatePerSec'));
    // Reported; it would be reported again for the phase.
    warmup.labels.delete('requestRateRamp');
  }
}

/** The phases that the options ask for: a warm-up if it has a stop condition, then profiling. `isTimed`: the input file's records have times. */
export function optionPhases(options: UserOptions, given: Given, isTimed: boolean): OptionPhases {
  const problems: ConfigProblem[] = [];
  const { draft: load, userCentric } = draftOf('load', options, given, problems);
  const { draft: warmup } = draftOf('warmup', options, given, problems);
  const hasWarmup = STOPS.some((field) => warmup.labels.has(field));
  problems.push(...warmupProblems(warmup, hasWarmup));
  const mode = profilingMode(load, userCentric, given, isTimed);
  const profilingDraft = new PhaseDraft();
  // The user-centric rate goes before the request rate, which the warm-up may still use.
  if (mode.mode !== 'request_rate') profilingDraft.fallBack(userCentric, 'requestRatePerSec');
  for (const field of load.labels.keys()) profilingDraft.fallBack(load, field);
  const profiling: PhaseInput = { ...phaseNames('profiling', profilingDraft), ...mode };
  if (!hasWarmup) return { inputs: [profiling], problems };
  const plain: PhaseInput = { ...phaseNames('profiling', profilingDraft), mode: mode.mode };
  return { inputs: [warmupInput(plain, load, warmup), profiling], problems };
}
