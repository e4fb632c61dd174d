import { conflict, type ConfigProblem, missingBeside } from './config-problem.ts';
import { type Given, flagOf, nameOf } from './option-names.ts';
import type { UserOptions } from './options/groups.ts';
import { FIELD_ROWS, hasStop, LOAD_TABLE, type LoadKey, STOP_FIELDS } from './options/load-table.ts';
import type { OptionDefinition } from './options/option-table.ts';
import type { LoadMode } from './phase-config.ts';
import { PhaseDraft, type PhaseField, type PhaseInput } from './phase-input.ts';
import { settledValue } from './resolve-phase.ts';

/** The phases that are asked for, and what is wrong with the way in which. */
export interface OptionPhases {
  readonly inputs: readonly PhaseInput[];
  readonly problems: readonly ConfigProblem[];
}

/** The fields that the options of a group give, the user-centric rate apart, in the order in which they are given. */
function draftsOf(
  group: 'load' | 'warmup',
  options: UserOptions,
  given: Given,
): { readonly draft: PhaseDraft; readonly userCentric: PhaseDraft } {
  const draft = new PhaseDraft();
  const userCentric = new PhaseDraft();
  for (const { definition } of given.values()) {
    if (definition.group !== group) continue;
    const { field, sets, value } = givenField(definition, options);
    (sets ? userCentric : draft).set(field, flagOf(given, definition.path), value);
  }
  return { draft, userCentric };
}

/** The field that a load option gives, and whether it is only set by it. */
export function givenField(
  { group, key }: OptionDefinition,
  options: UserOptions,
): { readonly field: PhaseField; readonly sets: boolean; readonly value: unknown } {
  const { sets } = LOAD_TABLE[key as LoadKey];
  const values = options[group as 'load' | 'warmup'];
  return { field: sets ?? (key as PhaseField), sets: sets !== undefined, value: values[key as LoadKey] };
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

/** The warm-up, which has from the load what it inherits. It changes `draft`. */
function warmupInput(profiling: PhaseInput, load: PhaseDraft, draft: PhaseDraft): PhaseInput {
  const hasOwnRate = draft.labels.has('requestRatePerSec');
  // The load's burst has no rate, and the warm-up's own rate no burst.
  const isForeign = hasOwnRate && load.fields.arrivalPattern === 'concurrency_burst';
  if (!isForeign) draft.fallBack(load, 'arrivalPattern');
  const hasRate = [draft, load].some(
    ({ labels }) => labels.has('requestRatePerSec') || labels.has('requestRateSeries'),
  );
  const isBurst = draft.fields.arrivalPattern === 'concurrency_burst' && !hasOwnRate;
  const mode: LoadMode = hasRate && !isBurst ? 'request_rate' : 'concurrency';
  for (const [field, { inherits, modes, needs }] of FIELD_ROWS) {
    if (inherits === undefined || field === 'arrivalPattern' || modes?.includes(mode) === false) continue;
    if (needs !== undefined && !draft.labels.has(needs)) continue;
    if (inherits === true || inherits(draft)) draft.fallBack(load, field);
  }
  const input = { ...profiling, ...phaseNames('warmup', draft), mode };
  limitPrefill(input, draft, load);
  return { ...input, fields: draft.fields };
}

/** A prefill concurrency that was meant for a higher concurrency than the warm-up's is lowered to it. */
function limitPrefill(input: PhaseInput, draft: PhaseDraft, load: PhaseDraft): void {
  const label = draft.labels.get('prefillConcurrency');
  const { prefillConcurrency } = draft.fields;
  const concurrency = settledValue(input, 'concurrency');
  const isOwn = label !== load.labels.get('prefillConcurrency');
  if (label === undefined || prefillConcurrency === undefined || concurrency === undefined || isOwn) return;
  draft.set('prefillConcurrency', label, Math.min(prefillConcurrency, concurrency));
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
    nameOf: (field) => nameOf(group, field),
    userCentricName: nameOf('load', 'userCentricRatePerSec'),
  };
}

/** What is wrong with warm-up options by themselves. */
function* warmupProblems(warmup: PhaseDraft, hasWarmup: boolean): Generator<ConfigProblem> {
  const others = [...warmup.labels].filter(([field]) => field !== 'gracePeriodSec').map(([, label]) => label);
  if (!hasWarmup && others.length > 0) {
    const stops = STOP_FIELDS.map((field) => nameOf('warmup', field)).join(', ');
    yield conflict(others, `one of ${stops} beside it`, 'none, and so no warm-up');
  }
  const grace = warmup.labels.get('gracePeriodSec');
  if (!hasWarmup && grace !== undefined) yield missingBeside(grace, nameOf('warmup', 'durationSec'));
  const ramp = warmup.labels.get('requestRateRamp');
  if (ramp !== undefined && !warmup.labels.has('requestRatePerSec')) {
    yield missingBeside(ramp, nameOf('warmup', 'requestRatePerSec'));
    // Reported; it would be reported again for the phase.
    warmup.labels.delete('requestRateRamp');
  }
}

/** The phases that the options ask for: a warm-up if it has a stop condition, then profiling. `isTimed`: the input file's records have times. */
export function optionPhases(options: UserOptions, given: Given, isTimed: boolean): OptionPhases {
  const { draft: load, userCentric } = draftsOf('load', options, given);
  const { draft: warmup } = draftsOf('warmup', options, given);
  const hasWarmup = hasStop(warmup);
  const problems = [...warmupProblems(warmup, hasWarmup)];
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
