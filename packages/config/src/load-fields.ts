import { createProblem, type ConfigProblem } from './config-problem.ts';
import type { LoadOptions } from './options/load.ts';
import type { PhaseField, PhaseFields } from './phase-input.ts';
import { EXPECTED_RATE_SERIES, readRateSeries } from './rate-series.ts';

/** Name of a load option. */
export type LoadKey = keyof LoadOptions;

/** The field of a phase that a load option sets. A user-centric rate sets the rate of a phase whose mode it also chooses. */
export const FIELD_OF_OPTION: Readonly<Record<LoadKey, PhaseField>> = {
  concurrency: 'concurrency',
  prefillConcurrency: 'prefillConcurrency',
  requestRatePerSec: 'requestRatePerSec',
  requestRateSeries: 'requestRateSeries',
  arrivalPattern: 'arrivalPattern',
  arrivalSmoothness: 'arrivalSmoothness',
  userCentricRatePerSec: 'requestRatePerSec',
  userCount: 'userCount',
  requestCount: 'requestCount',
  sessionCount: 'sessionCount',
  durationSec: 'durationSec',
  gracePeriodSec: 'gracePeriodSec',
  concurrencyRampSec: 'concurrencyRamp',
  prefillConcurrencyRampSec: 'prefillConcurrencyRamp',
  requestRateRampSec: 'requestRateRamp',
  cancellationRatePercent: 'cancellationRatePercent',
  cancellationDelaySec: 'cancellationDelaySec',
  sendLagLimitSec: 'sendLagLimitMs',
};

const MS_PER_SEC = 1000;

/** The value that a valid load option gives its field, or the problem of the file that it names. */
export function fieldValue(
  key: LoadKey,
  value: unknown,
  label: string,
): { value: unknown } | { problem: ConfigProblem } {
  switch (key) {
    case 'requestRateSeries': {
      const result = readRateSeries(value as string);
      if ('points' in result) return { value: result.points };
      const expected = `a JSON file with ${EXPECTED_RATE_SERIES}`;
      return {
        problem: createProblem({ kind: 'invalid_value', options: [label], expected, found: result.found }),
      };
    }
    case 'concurrencyRampSec':
    case 'prefillConcurrencyRampSec':
    case 'requestRateRampSec':
      return { value: { durationSec: value, shape: 'linear' } };
    case 'sendLagLimitSec':
      return { value: (value as number) * MS_PER_SEC };
    default:
      return { value };
  }
}

/** Fields of one phase in the making. */
export class PhaseDraft {
  readonly labels: Map<PhaseField, string> = new Map();
  readonly #values = new Map<PhaseField, unknown>();

  get fields(): PhaseFields {
    return Object.fromEntries(this.#values);
  }

  /** Notes a field as given; `undefined`: with a value that is reported elsewhere. */
  set(field: PhaseField, label: string, value: unknown): void {
    this.labels.set(field, label);
    if (value === undefined) this.#values.delete(field);
    else this.#values.set(field, value);
  }

  /** Takes a field over from another phase where this one does not have it. */
  fallBack(other: PhaseDraft, field: PhaseField): void {
    const label = other.labels.get(field);
    if (label !== undefined && !this.labels.has(field)) this.set(field, label, other.#values.get(field));
  }

  value<Field extends PhaseField>(field: Field): PhaseFields[Field] {
    return this.fields[field];
  }
}
