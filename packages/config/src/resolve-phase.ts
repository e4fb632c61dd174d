import { FIELD_ROWS, LOAD_TABLE } from './options/load-table.ts';
import type { PhaseConfig } from './phase-config.ts';
import type { PhaseField, PhaseFields, PhaseInput } from './phase-input.ts';

/** The value of a field, or its default where it is not given; `undefined` where there is none, or one that is no value. */
export function settledValue<Field extends PhaseField>(
  input: PhaseInput,
  field: Field,
): PhaseFields[Field] | undefined {
  const { modes, fallback } = LOAD_TABLE[field];
  if (input.labels.has(field)) return input.fields[field];
  return modes?.includes(input.mode) === false ? undefined : (fallback?.(input) as PhaseFields[Field] | undefined);
}

/** Fills in the defaults of a phase that keeps the rules. */
export function resolvePhase(input: PhaseInput): PhaseConfig {
  const { name, kind, mode, seamless } = input;
  const settled = FIELD_ROWS.map(([field]) => [field, settledValue(input, field)] as const);
  const given = Object.fromEntries(settled.filter(([, value]) => value !== undefined)) as PhaseFields;
  const { cancellationRatePercent: ratePercent, cancellationDelaySec: delaySec = 0, ...fields } = given;
  const cancellation = ratePercent === undefined ? {} : { cancellation: { ratePercent, delaySec } };
  // The table has a default for what is never absent.
  return { ...(fields as PhaseConfig), name, kind, mode, seamless, ...cancellation };
}
