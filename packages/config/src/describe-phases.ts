import { FIELD_ROWS } from './options/load-table.ts';
import type { PhaseConfig } from './phase-config.ts';
import type { UserConfig } from './user-config.ts';

/** Keys in AIPerf's order; what it does not have comes after them. */
const ORDER =
  'name kind type exclude_from_results requests sessions duration rate rate_series smoothness users concurrency prefill_concurrency ' +
  'concurrency_ramp prefill_ramp rate_ramp grace_period cancellation auto_offset start_offset end_offset';

function describeSchedule({ fixedSchedule }: UserConfig, given: ReadonlySet<string>): Record<string, unknown> {
  return {
    auto_offset: given.has('fixedSchedule.autoOffset') ? fixedSchedule.autoOffset : undefined,
    start_offset: fixedSchedule.startOffsetMs,
    end_offset: fixedSchedule.endOffsetMs,
  };
}

/** The fields of a phase as a file would have them. */
function describeFields(phase: PhaseConfig, given: ReadonlySet<string>): Record<string, unknown> {
  const group = phase.kind === 'warmup' ? 'warmup' : 'load';
  const description: Record<string, unknown> = {};
  for (const [field, { fileKeys, described, inherits, valueIn, spell }] of FIELD_ROWS) {
    const sources = [
      `${group}.${field}`,
      `phases.${phase.name}.${field}`,
      ...(inherits === undefined ? [] : [`load.${field}`]),
    ];
    const isDescribed = described === undefined || (described === 'given' && sources.some((path) => given.has(path)));
    const value = valueIn === undefined ? phase[field as keyof PhaseConfig] : valueIn(phase);
    if (!isDescribed || value === undefined) continue;
    const [outer = '', inner] = (fileKeys[0] ?? '').split('.');
    const text = spell === undefined ? value : spell(value);
    description[outer] = inner === undefined ? text : { ...(description[outer] as object | undefined), [inner]: text };
  }
  return description;
}

/** The phases in the shape of AIPerf's `input_config`, what is only a default left out. */
export function describePhases(
  config: UserConfig,
  given: ReadonlySet<string>,
): readonly Readonly<Record<string, unknown>>[] {
  const placeOf = (key: string): number => `${ORDER} ${key}`.split(' ').indexOf(key);
  return config.phases.map((phase) => {
    const { name, kind, mode } = phase;
    const description = {
      name,
      kind,
      // AIPerf's name for what drives a phase.
      type: mode === 'request_rate' ? phase.arrivalPattern : mode,
      exclude_from_results: kind === 'warmup' ? true : undefined,
      ...describeFields(phase, given),
      ...(mode === 'fixed_schedule' ? describeSchedule(config, given) : {}),
      seamless: phase.seamless ? true : undefined,
    };
    return Object.fromEntries(Object.entries(description).toSorted(([a], [b]) => placeOf(a) - placeOf(b)));
  });
}
