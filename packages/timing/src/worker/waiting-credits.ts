import type { Credit, CreditBatch } from '../credit.ts';
import { DueHeap } from './due-heap.ts';
import { NumberRing } from './number-ring.ts';
import { widened } from '@aiperf/records';

/**
 * Credits of one phase that a worker holds and has not sent, as columns: rows are reused, and no object exists for a credit until it is
 * taken. First turns without a due time leave in the order they came, the others in the order of their due times. A later turn lies
 * {@link park}ed until its session says when it is ready.
 */
export class WaitingCredits {
  readonly #phaseIndex: number;
  #capacity = 64;
  #ids = new Float64Array(this.#capacity);
  #sessionNumbers = new Float64Array(this.#capacity);
  #conversationIndexes = new Uint32Array(this.#capacity);
  #turnIndexes = new Uint32Array(this.#capacity);
  #turnCounts = new Uint32Array(this.#capacity);
  #delaysNs = new Float64Array(this.#capacity);
  #cancelAfterNs = new Float64Array(this.#capacity);
  #dueNs = new Float64Array(this.#capacity);
  #issuedNs = new Float64Array(this.#capacity);
  /** When a later turn may be sent; of rows in `#later`. */
  #readyNs = new Float64Array(this.#capacity);
  /** Rows that were used and are free again; rows from `#rowsUsed` on have never been used. */
  readonly #freeRows: number[] = [];
  #rowsUsed = 0;
  #parkedCount = 0;
  readonly #undated = new NumberRing();
  readonly #dated = new DueHeap((rowA, rowB) => this.#isBefore(this.#dueNs, rowA, rowB));
  readonly #later = new DueHeap((rowA, rowB) => this.#isBefore(this.#readyNs, rowA, rowB));

  constructor(phaseIndex: number) {
    this.#phaseIndex = phaseIndex;
  }

  get size(): number {
    return this.#undated.size + this.#dated.size + this.#later.size + this.#parkedCount;
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
    return row === undefined ? Number.NaN : (this.#dueNs[row] ?? Number.NaN);
  }

  /** When the first of the later turns is ready whose predecessor has ended; NaN: there is none. */
  get nextReadyNs(): number {
    const row = this.#later.peek();
    return row === undefined ? Number.NaN : (this.#readyNs[row] ?? Number.NaN);
  }

  /** Takes in credit `index` of a batch; the result is its row. A first turn waits at once, a later one has to be placed by the caller. */
  add(batch: CreditBatch, index: number): number {
    const row = this.#takeRow();
    const dueNs = batch.dueNs[index] ?? Number.NaN;
    const turnIndex = batch.turnIndexes[index] ?? 0;
    this.#ids[row] = batch.ids[index] ?? Number.NaN;
    this.#sessionNumbers[row] = batch.sessionNumbers[index] ?? Number.NaN;
    this.#conversationIndexes[row] = batch.conversationIndexes[index] ?? 0;
    this.#turnIndexes[row] = turnIndex;
    this.#turnCounts[row] = batch.turnCounts[index] ?? 1;
    this.#delaysNs[row] = batch.delaysNs[index] ?? 0;
    this.#cancelAfterNs[row] = batch.cancelAfterNs[index] ?? Number.NaN;
    this.#dueNs[row] = dueNs;
    this.#issuedNs[row] = batch.issuedNs;
    if (turnIndex > 0) this.#parkedCount += 1;
    else if (Number.isNaN(dueNs)) this.#undated.push(row);
    else this.#dated.push(row);
    return row;
  }

  /** A parked turn may be sent once its delay has passed since its predecessor's end, and its due time. */
  release(row: number, previousEndNs: number): void {
    const readyNs = previousEndNs + (this.#delaysNs[row] ?? 0);
    const dueNs = this.#dueNs[row] ?? Number.NaN;
    this.#readyNs[row] = dueNs > readyNs ? dueNs : readyNs;
    this.#parkedCount -= 1;
    this.#later.push(row);
  }

  /** When the later turn in a row could be sent. */
  readyNsOf(row: number): number {
    return this.#readyNs[row] ?? Number.NaN;
  }

  /** The later turn that is sent next, if it may be sent at `nowNs`; -1: none. */
  takeLater(nowNs: number): number {
    const row = this.#later.peek();
    if (row === undefined || (this.#readyNs[row] ?? 0) > nowNs) return -1;
    this.#later.pop();
    return row;
  }

  /** The first turn that is sent next, if it may be sent at `nowNs`; -1: none. */
  takeFirst(nowNs: number): number {
    const dated = this.#dated.peek();
    if (dated !== undefined && (this.#dueNs[dated] ?? 0) <= nowNs) {
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
    return this.#sessionNumbers[row] ?? Number.NaN;
  }

  /** Takes a parked turn out; the result is its credit's id. */
  discardParked(row: number): number {
    this.#parkedCount -= 1;
    return this.discard(row);
  }

  /** Id of the credit in a row that was taken; the row is free for another one. */
  discard(row: number): number {
    this.#freeRows.push(row);
    return this.#ids[row] ?? Number.NaN;
  }

  /** The credit of a row that was taken; the row is free for another one. */
  toCredit(row: number): Credit {
    this.#freeRows.push(row);
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
    return row === undefined ? Number.NaN : (this.#ids[row] ?? Number.NaN);
  }

  #creditOf(row: number): Credit {
    return {
      id: this.#ids[row] ?? Number.NaN,
      phaseIndex: this.#phaseIndex,
      sessionNumber: this.#sessionNumbers[row] ?? Number.NaN,
      conversationIndex: this.#conversationIndexes[row] ?? 0,
      turnIndex: this.#turnIndexes[row] ?? 0,
      turnCount: this.#turnCounts[row] ?? 1,
      dueNs: this.#dueNs[row] ?? Number.NaN,
      delayNs: this.#delaysNs[row] ?? 0,
      cancelAfterNs: this.#cancelAfterNs[row] ?? Number.NaN,
      issuedNs: this.#issuedNs[row] ?? Number.NaN,
    };
  }

  #isBefore(keys: Float64Array, rowA: number, rowB: number): boolean {
    const keyA = keys[rowA] ?? 0;
    const keyB = keys[rowB] ?? 0;
    return keyA < keyB || (keyA === keyB && (this.#ids[rowA] ?? 0) < (this.#ids[rowB] ?? 0));
  }

  #takeRow(): number {
    const freed = this.#freeRows.pop();
    if (freed !== undefined) return freed;
    if (this.#rowsUsed === this.#capacity) this.#grow();
    this.#rowsUsed += 1;
    return this.#rowsUsed - 1;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#ids = widened(this.#ids, new Float64Array(this.#capacity));
    this.#sessionNumbers = widened(this.#sessionNumbers, new Float64Array(this.#capacity));
    this.#conversationIndexes = widened(this.#conversationIndexes, new Uint32Array(this.#capacity));
    this.#turnIndexes = widened(this.#turnIndexes, new Uint32Array(this.#capacity));
    this.#turnCounts = widened(this.#turnCounts, new Uint32Array(this.#capacity));
    this.#delaysNs = widened(this.#delaysNs, new Float64Array(this.#capacity));
    this.#cancelAfterNs = widened(this.#cancelAfterNs, new Float64Array(this.#capacity));
    this.#dueNs = widened(this.#dueNs, new Float64Array(this.#capacity));
    this.#issuedNs = widened(this.#issuedNs, new Float64Array(this.#capacity));
    this.#readyNs = widened(this.#readyNs, new Float64Array(this.#capacity));
  }
}
