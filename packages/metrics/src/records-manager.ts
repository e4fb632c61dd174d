import type { PhaseKind } from '@aiperf/records';
import { ErrorTable, mergeErrors } from './error-table.ts';
import type { PhaseLoad } from './load-report.ts';
import type { ErrorCount } from './metric-definition.ts';
import type { MetricBatchHeader } from './metric-batch.ts';
import { RowCounts, type PhaseRows } from './row-counts.ts';

interface PhaseProgress {
  kind: PhaseKind | undefined;
  readonly arrived: RowCounts;
  /** Records that exist; known when the phase has completed. */
  expected: number | undefined;
  /** Sent by workers that died before they returned the credit. */
  lost: number;
  startNs: number;
  endNs: number;
  /** Known when the phase has completed. */
  counts: PhaseLoad['counts'] | undefined;
  readonly errorTable: ErrorTable;
}

/** What is known of a phase when it has completed. */
export interface PhaseEnd {
  readonly kind: PhaseKind;
  /** As the timing manager counted; `completed + failed + cancelled` records exist, and records of what is lost may. */
  readonly counts: PhaseLoad['counts'];
  readonly endNs: number;
}

/** One phase from both sides. */
export interface PhaseState {
  readonly index: number;
  readonly kind: PhaseKind;
  /** NaN: not reported. */
  readonly startNs: number;
  /** Known when the phase has completed. */
  readonly counts: PhaseLoad['counts'] | undefined;
  readonly arrived: PhaseRows;
}

/** Totals over the phases of one kind. */
export interface KindTotals {
  readonly arrived: RowCounts;
  /** First start and last end of these phases in run nanoseconds; NaN when none was reported. */
  readonly startNs: number;
  readonly endNs: number;
  readonly errorTable: readonly ErrorCount[];
}

/** Counts what has arrived against what must arrive. Knows no socket and no clock. */
export class RecordsAccumulator {
  readonly #phases = new Map<number, PhaseProgress>();
  #creditsComplete = false;
  #wasCancelled = false;

  /** Takes one batch into account. */
  accept(header: MetricBatchHeader): void {
    for (const [index, rows] of Object.entries(header.phases)) this.#phase(Number(index)).arrived.addAll(rows);
    for (const error of header.errors) this.#phase(error.phase_index).errorTable.add(error);
  }

  /** Makes a phase known by its kind before anything of it arrives. */
  planPhase(index: number, kind: PhaseKind): void {
    this.#phase(index).kind = kind;
  }

  startPhase(index: number, kind: PhaseKind, startNs: number): void {
    const phase = this.#phase(index);
    phase.kind = kind;
    phase.startNs = startNs;
  }

  completePhase(index: number, { kind, counts, endNs }: PhaseEnd): void {
    const phase = this.#phase(index);
    phase.kind = kind;
    phase.expected = counts.completed + counts.failed + counts.cancelled;
    phase.lost = counts.lost;
    phase.counts = counts;
    phase.endNs = endNs;
  }

  completeCredits(wasCancelled: boolean): void {
    this.#creditsComplete = true;
    this.#wasCancelled = wasCancelled;
  }

  get creditsComplete(): boolean {
    return this.#creditsComplete;
  }

  get wasCancelled(): boolean {
    return this.#wasCancelled;
  }

  /** Records that arrived. */
  get processed(): number {
    return this.#sum(({ arrived }) => arrived.rows);
  }

  get errors(): number {
    return this.#sum(({ arrived }) => arrived.errors);
  }

  /** Records expected in all, `null` until the last phase has completed. */
  get expected(): number | null {
    return this.#creditsComplete ? this.#sum(({ expected, arrived }) => expected ?? arrived.rows) : null;
  }

  /** Expected records of completed phases that have not arrived. */
  get missing(): number {
    return this.#sum(({ expected, arrived: { rows } }) => Math.max(0, (expected ?? rows) - rows));
  }

  /** Requests sent whose record has not arrived, those of dead workers included. */
  get lost(): number {
    return this.#sum(({ expected, lost, arrived: { rows } }) => Math.max(0, (expected ?? rows) + lost - rows));
  }

  /** Every phase has completed and all its records are here. */
  get isComplete(): boolean {
    return this.#creditsComplete && this.missing === 0;
  }

  get phaseKinds(): ReadonlyMap<number, PhaseKind> {
    return new Map(Array.from(this.#phases, ([index, { kind }]) => [index, kind ?? 'profiling']));
  }

  /** Every phase that is known, in the order of the run. */
  get phases(): readonly PhaseState[] {
    const indexes = [...this.#phases.keys()].sort((a, b) => a - b);
    return indexes.map((index) => {
      const { kind = 'profiling', startNs, counts, arrived } = this.#phase(index);
      return { index, kind, startNs, counts, arrived };
    });
  }

  totals(kind: PhaseKind): KindTotals {
    const phases = Array.from(this.#phases)
      .filter(([, phase]) => (phase.kind ?? 'profiling') === kind)
      .sort(([a], [b]) => a - b)
      .map(([, phase]) => phase);
    const arrived = new RowCounts();
    for (const phase of phases) arrived.addAll(phase.arrived);
    const known = (value: (phase: PhaseProgress) => number): number[] =>
      phases.map(value).filter((ns) => !Number.isNaN(ns));
    const starts = known(({ startNs }) => startNs);
    const ends = known(({ endNs }) => endNs);
    return {
      arrived,
      startNs: starts.length === 0 ? Number.NaN : Math.min(...starts),
      endNs: ends.length === 0 ? Number.NaN : Math.max(...ends),
      errorTable: mergeErrors(phases.map(({ errorTable }) => errorTable)),
    };
  }

  #phase(index: number): PhaseProgress {
    let phase = this.#phases.get(index);
    if (phase === undefined) {
      phase = {
        kind: undefined,
        arrived: new RowCounts(),
        expected: undefined,
        startNs: Number.NaN,
        lost: 0,
        endNs: Number.NaN,
        counts: undefined,
        errorTable: new ErrorTable(),
      };
      this.#phases.set(index, phase);
    }
    return phase;
  }

  #sum(value: (phase: PhaseProgress) => number): number {
    let total = 0;
    for (const phase of this.#phases.values()) total += value(phase);
    return total;
  }
}
