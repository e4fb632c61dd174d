import type { PhaseKind } from '@aiperf/records';
import type { ColumnBatch } from '@aiperf/records/file';

/** Group of a row that takes no part. */
export const NO_GROUP = -1;

/** Disjoint groups of rows that are summarised side by side. */
export interface RowGroups {
  readonly groupCount: number;
  /** Columns that {@link groupsOf} reads. */
  readonly columns: readonly string[];
  /** Group of every row, or {@link NO_GROUP}. */
  groupsOf(batch: ColumnBatch): Int32Array;
}

/** One group a kind of phase, in the order of `kinds`; phases of one kind are pooled. */
export function groupsByKind(kinds: readonly PhaseKind[], phaseKinds: ReadonlyMap<number, PhaseKind>): RowGroups {
  return {
    groupCount: kinds.length,
    columns: ['phase_index'],
    groupsOf: (batch) =>
      Int32Array.from(batch.numbers('phase_index'), (index) => {
        const kind = phaseKinds.get(index);
        return kind === undefined ? NO_GROUP : kinds.indexOf(kind);
      }),
  };
}
