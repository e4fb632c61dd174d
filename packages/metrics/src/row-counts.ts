import type { ColumnBatch } from '@aiperf/records/file';

/** What became of a request. */
export type RowOutcome = 'valid' | 'failed' | 'cancelled';

/** A cancelled request takes part in nothing, whatever else is true of it. */
export function rowOutcome(isValid: boolean, isCancelled: boolean): RowOutcome {
  if (isCancelled) return 'cancelled';
  return isValid ? 'valid' : 'failed';
}

/** Columns that {@link rowOutcomes} reads. */
export const OUTCOME_COLUMNS = ['valid', 'was_cancelled'] as const;

/** Says of each row of a batch what became of it. */
export function rowOutcomes(batch: ColumnBatch): (row: number) => RowOutcome {
  const [valid, cancelled] = OUTCOME_COLUMNS.map((name) => batch.numbers(name));
  return (row) => rowOutcome(valid?.[row] === 1, cancelled?.[row] === 1);
}

/** Rows by what became of them; the rest are valid. */
export interface PhaseRows {
  readonly rows: number;
  readonly errors: number;
  readonly cancelled: number;
}

/** Counts rows by what became of them. */
export class RowCounts implements PhaseRows {
  rows = 0;
  errors = 0;
  cancelled = 0;

  get valid(): number {
    return this.rows - this.errors - this.cancelled;
  }

  add(outcome: RowOutcome): void {
    this.rows++;
    if (outcome === 'cancelled') this.cancelled++;
    else if (outcome === 'failed') this.errors++;
  }

  addAll({ rows, errors, cancelled }: PhaseRows): void {
    this.rows += rows;
    this.errors += errors;
    this.cancelled += cancelled;
  }
}
