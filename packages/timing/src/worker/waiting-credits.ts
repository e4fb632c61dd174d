import type { Doubles } from '../column-table.ts';
import { CreditColumns } from '../credit-columns.ts';
import type { Credit, CreditBatch } from '../credit.ts';
import { DueHeap } from './due-heap.ts';
import { NumberRing } from './number-ring.ts';

class WaitingColumns extends CreditColumns {
  readonly issuedNs: Doubles = this.float64();
  /** When a later turn may be sent, once that is known. */
  readonly readyNs: Doubles = this.float64();
}

/**
 * Credits of one phase that a worker holds and has not sent: no object exists for one until it is taken. First turns without a due time
 * leave in the order they came, the others in the order of their due times. A later turn lies parked until it is {@link release}d.
 */
export class WaitingCredits {
  readonly #phaseIndex: number;
  readonly #rows = new WaitingColumns();
  readonly #undated = new NumberRing();
  readonly #dated = new DueHeap((rowA, rowB) => this.#isBefore(this.#rows.dueNs, rowA, rowB));
  readonly #later = new DueHeap((rowA, rowB) => this.#isBefore(this.#rows.readyNs, rowA, rowB));

  constructor(phaseIndex: number) {
    this.#phaseIndex = phaseIndex;
  }

  get size(): number {
    return this.#rows.size;
  }

  /** First turns that wait for a slot only. */
  get undatedCount(): number {
    return this.#undated.size;
  }

  /** Later turns whose predecessor has ended. */
  get laterCount(): number {
    return this.#later.size;
  }

  /** Earliest due time of a first turn, NaN when none has one. */
  get nextDueNs(): number {
    const row = this.#dated.peek();
    return row === undefined ? Number.NaN : (this.#rows.dueNs[row] ?? Number.NaN);
  }

  /** When the first of the later turns is ready whose predecessor has ended; NaN: there is none. */
  get nextReadyNs(): number {
    const row = this.#later.peek();
    return row === undefined ? Number.NaN : (this.#rows.readyNs[row] ?? Number.NaN);
  }

  /** Takes in credit `index` of a batch; the result is its row. A first turn waits at once, a later one has to be placed by the caller. */
  add(batch: CreditBatch, index: number): number {
    const rows = this.#rows;
    const row = rows.takeRow();
    const dueNs = batch.dueNs[index] ?? Number.NaN;
    const turnIndex = batch.turnIndexes[index] ?? 0;
    rows.ids[row] = batch.ids[index] ?? Number.NaN;
    rows.sessionNumbers[row] = batch.sessionNumbers[index] ?? Number.NaN;
    rows.conversationIndexes[row] = batch.conversationIndexes[index] ?? 0;
    rows.turnIndexes[row] = turnIndex;
    rows.turnCounts[row] = batch.turnCounts[index] ?? 1;
    rows.delaysNs[row] = batch.delaysNs[index] ?? 0;
    rows.cancelAfterNs[row] = batch.cancelAfterNs[index] ?? Number.NaN;
    rows.dueNs[row] = dueNs;
    rows.issuedNs[row] = batch.issuedNs;
    if (turnIndex === 0) {
      if (Number.isNaN(dueNs)) this.#undated.push(row);
      else this.#dated.push(row);
    }
    return row;
  }

  /** A parked turn may be sent once its delay has passed since its predecessor's end, and its due time. */
  release(row: number, previousEndNs: number): void {
    const readyNs = previousEndNs + (this.#rows.delaysNs[row] ?? 0);
    const dueNs = this.#rows.dueNs[row] ?? Number.NaN;
    this.#rows.readyNs[row] = dueNs > readyNs ? dueNs : readyNs;
    this.#later.push(row);
  }

  /** When the later turn in a row could be sent. */
  readyNsOf(row: number): number {
    return this.#rows.readyNs[row] ?? Number.NaN;
  }

  /** The later turn that is sent next, if it may be sent at `nowNs`; -1: none. */
  takeLater(nowNs: number): number {
    const row = this.#later.peek();
    if (row === undefined || (this.#rows.readyNs[row] ?? 0) > nowNs) return -1;
    this.#later.pop();
    return row;
  }

  /** The first turn that is sent next, if it may be sent at `nowNs`; -1: none. */
  takeFirst(nowNs: number): number {
    const dated = this.#dated.peek();
    if (dated !== undefined && (this.#rows.dueNs[dated] ?? 0) <= nowNs) {
      this.#dated.pop();
      return dated;
    }
    return this.#undated.size > 0 ? this.#undated.shift() : -1;
  }

  /** Takes out the undated first turns that came last, all but so many; their rows, the one that came first at the front. */
  takeUndatedBeyond(keptCount: number): number[] {
    const rows: number[] = [];
    for (let index = 0, count = this.#undated.size; index < count; index += 1) {
      const row = this.#undated.shift();
      if (index < keptCount) this.#undated.push(row);
      else rows.push(row);
    }
    return rows;
  }

  sessionNumberOf(row: number): number {
    return this.#rows.sessionNumbers[row] ?? Number.NaN;
  }

  /** Gives up a row that was taken, or lies parked; the result is its credit's id. */
  discard(row: number): number {
    this.#rows.freeRow(row);
    return this.#rows.ids[row] ?? Number.NaN;
  }

  /** The credit of a row that was taken; the row is free for another one. */
  toCredit(row: number): Credit {
    this.#rows.freeRow(row);
    return this.#creditOf(row);
  }

  /** The two dated first turns that come first, or as many as there are; they go on waiting. */
  peekDated(): Credit[] {
    const rows = [this.#dated.peek(), this.#dated.peekSecond()];
    return rows.filter((row) => row !== undefined).map((row) => this.#creditOf(row));
  }

  /** The undated first turn that comes after so many others; it goes on waiting. */
  peekUndated(index: number): Credit | undefined {
    const row = this.#undated.peek(index);
    return Number.isNaN(row) ? undefined : this.#creditOf(row);
  }

  /** Id of the dated first turn that comes first, NaN when there is none. */
  get nextDatedId(): number {
    const row = this.#dated.peek();
    return row === undefined ? Number.NaN : (this.#rows.ids[row] ?? Number.NaN);
  }

  #creditOf(row: number): Credit {
    const rows = this.#rows;
    return {
      id: rows.ids[row] ?? Number.NaN,
      phaseIndex: this.#phaseIndex,
      sessionNumber: rows.sessionNumbers[row] ?? Number.NaN,
      conversationIndex: rows.conversationIndexes[row] ?? 0,
      turnIndex: rows.turnIndexes[row] ?? 0,
      turnCount: rows.turnCounts[row] ?? 1,
      dueNs: rows.dueNs[row] ?? Number.NaN,
      delayNs: rows.delaysNs[row] ?? 0,
      cancelAfterNs: rows.cancelAfterNs[row] ?? Number.NaN,
      issuedNs: rows.issuedNs[row] ?? Number.NaN,
    };
  }

  #isBefore(keys: Float64Array, rowA: number, rowB: number): boolean {
    const keyA = keys[rowA] ?? 0;
    const keyB = keys[rowB] ?? 0;
    return keyA < keyB || (keyA === keyB && (this.#rows.ids[rowA] ?? 0) < (this.#rows.ids[rowB] ?? 0));
  }
}
