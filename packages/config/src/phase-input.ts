import type { LoadMode, PhaseConfig } from './phase-config.ts';

type Settled = 'name' | 'kind' | 'mode' | 'seamless' | 'cancellation';

/** What was said about one phase, validated one by one, before the rules that look at several fields. */
export interface PhaseFields extends Omit<Partial<PhaseConfig>, Settled> {
  readonly cancellationRatePercent?: number;
  readonly cancellationDelaySec?: number;
}

/** Name of a field of a phase. */
export type PhaseField = keyof PhaseFields;

/** Fields of a phase, and every field that was given, valid or not, as the user wrote it. */
export interface GivenFields {
  readonly fields: PhaseFields;
  readonly labels: ReadonlyMap<PhaseField, string>;
}

/** One phase as the options or the configuration file ask for it. */
export interface PhaseInput extends GivenFields {
  readonly name: string;
  readonly kind: 'warmup' | 'profiling';
  /** What the user calls the phase as a whole. */
  readonly label: string;
  readonly mode: LoadMode;
  /** What chose the mode, as the user wrote it. Absent: nothing did. */
  readonly modeLabel?: string;
  /** Why it did, where that is not plain. */
  readonly modeRemark?: string;
  readonly seamless: boolean;
  /** Without a stop condition of its own it ends after the default number of requests. */
  readonly hasDefaultStop: boolean;
  /** What a field would be called where it is not given. */
  readonly nameOf: (field: PhaseField) => string;
  /** What would make this a phase of user-centric load. */
  readonly userCentricName: string;
}

/** Fields of one phase in the making. */
export class PhaseDraft implements GivenFields {
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
}
