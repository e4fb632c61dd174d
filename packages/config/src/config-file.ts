import { type ConfigProblem, createProblem } from './config-problem.ts';
import { flagOf, type Given } from './option-names.ts';
import { givenField, type OptionPhases } from './option-phases.ts';
import type { UserOptions } from './options/groups.ts';
import { LOAD_TABLE } from './options/load-table.ts';
import type { ArrivalPattern, LoadMode } from './phase-config.ts';
import type { PhaseDraft, PhaseInput } from './phase-input.ts';

/** Kinds of phase as a file spells them, and what each means. */
export const PHASE_TYPES: Readonly<
  Record<string, { readonly mode: LoadMode; readonly arrivalPattern?: ArrivalPattern }>
> = {
  concurrency: { mode: 'concurrency' },
  concurrency_burst: { mode: 'concurrency', arrivalPattern: 'concurrency_burst' },
  constant: { mode: 'request_rate', arrivalPattern: 'constant' },
  poisson: { mode: 'request_rate', arrivalPattern: 'poisson' },
  gamma: { mode: 'request_rate', arrivalPattern: 'gamma' },
  fixed_schedule: { mode: 'fixed_schedule' },
  user_centric: { mode: 'user_centric' },
};

/** One entry of the list `phases`, its fields validated one by one. */
export interface FilePhase {
  readonly name: string;
  readonly kind: 'warmup' | 'profiling';
  /** Where it stands and what it is called. */
  readonly label: string;
  readonly type?: { readonly value: string; readonly label: string };
  readonly seamless: boolean;
  readonly draft: PhaseDraft;
}

/** A configuration file, read and taken apart. */
export interface ConfigFile {
  /** Options, as if they had been typed. */
  readonly given: Given;
  readonly phases?: readonly FilePhase[];
  readonly problems: readonly ConfigProblem[];
}

function modeOf({ type, draft }: FilePhase, isUserCentric: boolean): LoadMode {
  const byType = type === undefined ? undefined : PHASE_TYPES[type.value]?.mode;
  if (byType !== undefined) return byType;
  if (isUserCentric || draft.labels.has('userCount')) return 'user_centric';
  const hasRate = draft.labels.has('requestRatePerSec') || draft.labels.has('requestRateSeries');
  return hasRate ? 'request_rate' : 'concurrency';
}

function toInput(phase: FilePhase, isUserCentric: boolean): PhaseInput {
  const { name, kind, label, type, seamless, draft } = phase;
  return {
    name,
    kind,
    label,
    seamless,
    mode: modeOf(phase, isUserCentric),
    ...(type === undefined ? {} : { modeLabel: type.label, modeRemark: `since the type is ${type.value}` }),
    hasDefaultStop: false,
    fields: draft.fields,
    labels: draft.labels,
    nameOf: (field) => LOAD_TABLE[field].fileKeys[0] ?? field,
    userCentricName: 'type: user_centric',
  };
}

function cannotApply(option: string, expected: string, found: string): ConfigProblem {
  const remark = 'so that the option cannot be applied to the phases of the file';
  return createProblem({ kind: 'conflict', options: [option], expected, found, remark });
}

/** The phases of a file with what was typed put over them: an option of the load goes to the one profiling phase, of the warm-up to the one warm-up. */
export function filePhases(
  phases: readonly FilePhase[],
  options: UserOptions,
  given: Given,
  typed: Given,
): OptionPhases {
  const problems: ConfigProblem[] = [];
  const userCentric = new Set<FilePhase>();
  for (const { definition } of typed.values()) {
    if (definition.group !== 'load' && definition.group !== 'warmup') continue;
    const kind = definition.group === 'load' ? 'profiling' : 'warmup';
    const label = flagOf(typed, definition.path);
    const [phase, ...others] = phases.filter((phase) => phase.kind === kind);
    if (phase === undefined || others.length > 0) {
      const count = phase === undefined ? 'none' : `${others.length + 1}`;
      problems.push(cannotApply(label, `one ${kind} phase in the file`, count));
      continue;
    }
    const { field, sets, value } = givenField(definition, options);
    if (sets) {
      userCentric.add(phase);
      if (phase.type !== undefined && phase.type.value !== 'user_centric') {
        problems.push(cannotApply(label, 'a phase of type user_centric', phase.type.label));
      }
    }
    phase.draft.set(field, label, value);
  }
  const inputs = phases.map((phase) => toInput(phase, userCentric.has(phase)));
  const isFixed = given.get('fixedSchedule.enabled')?.value;
  if (isFixed !== undefined && isFixed !== inputs.some(({ mode }) => mode === 'fixed_schedule')) {
    const label = flagOf(given, 'fixedSchedule.enabled');
    problems.push(cannotApply(label, 'phases that agree with it', 'others'));
  }
  return { inputs, problems };
}
