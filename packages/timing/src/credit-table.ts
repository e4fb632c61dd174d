import { ColumnTable } from './column-table.ts';
import type { Doubles, Words } from './column-table.ts';

/** Column value of a credit that no worker holds. */
export const NO_WORKER = 0xffff_ffff;

/** Every credit of a phase that is not settled, found by its id. */
export class CreditTable extends ColumnTable {
  readonly #rows = new Map<number, number>();
  readonly ids: Doubles = this.float64();
  /** Row of the session in the session table. */
  readonly sessionRows: Words = this.uint32();
  readonly turnIndexes: Words = this.uint32();
  /** Number of the worker that holds the credit, or {@link NO_WORKER}. */
  readonly workers: Words = this.uint32();
  readonly dueNs: Doubles = this.float64();
  readonly delaysNs: Doubles = this.float64();
  readonly cancelAfterNs: Doubles = this.float64();

  /** The row of a new credit, which nobody holds; its other columns are for the caller to fill. */
  add(id: number): number {
    const row = this.takeRow();
    this.ids[row] = id;
    this.workers[row] = NO_WORKER;
    this.#rows.set(id, row);
    return row;
  }

  /** -1: it is not there. */
  find(id: number): number {
    return this.#rows.get(id) ?? -1;
  }

  remove(row: number): void {
    this.workers[row] = NO_WORKER;
    this.#rows.delete(this.ids[row] ?? -1);
    this.freeRow(row);
  }

  /** Rows of the credits that a worker holds, in the order of their ids. */
  rowsOf(worker: number): number[] {
    const rows = this.rows().filter((row) => this.workers[row] === worker);
    return rows.sort((a, b) => (this.ids[a] ?? 0) - (this.ids[b] ?? 0));
  }

  /** Whether a worker holds a credit that is due after this time. */
  hasDueAfter(timeNs: number): boolean {
    return this.rows().some((row) => this.workers[row] !== NO_WORKER && (this.dueNs[row] ?? 0) > timeNs);
  }
}
