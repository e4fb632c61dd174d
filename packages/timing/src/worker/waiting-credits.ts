import type { Credit, CreditBatch } from '../credit.ts';
import { DueHeap } from './due-heap.ts';
import { NumberRing } from './number-ring.ts';

/**
 * Credits of one phase that a worker holds and has not sent, as columns: rows are reused, and no object exists for a credit until it is
 * taken. Credits without a due time leave in the order they came, the others in the order of their due times.
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
  /** Rows that were used and are free again; rows from `#rowsUsed` on have never been used. */
  readonly #freeRows: number[] = [];
  #rowsUsed = 0;
  readonly #undated = new NumberRing();
  readonly #dated = new DueHeap((rowA, rowB) => {
    const dueA = this.#dueNs[rowA] ?? 0;
    const dueB = this.#dueNs[rowB] ?? 0;
    return dueA < dueB || (dueA === dueB && (this.#ids[rowA] ?? 0) < (this.#ids[rowB] ?? 0));
  });

  constructor(phaseIndex: number) {
    this.#phaseIndex = phaseIndex;
  }

  get size(): number {
    return this.#undated.size + this.#dated.size;
  }

  /** Credits that wait for a slot only. */
  get undatedCount(): number {
    return this.#undated.size;
  }

  /** Earliest due time, NaN when no credit has one. */
  get nextDueNs(): number {
    const row = this.#dated.peek();
    return row === undefined ? Number.NaN : (this.#dueNs[row] ?? Number.NaN);
  }

  add(batch: CreditBatch): void {
    for (let i = 0; i < batch.ids.length; i += 1) {
      const row = this.#takeRow();
      const dueNs = batch.dueNs[i] ?? Number.NaN;
      this.#ids[row] = batch.ids[i] ?? Number.NaN;
      this.#sessionNumbers[row] = batch.sessionNumbers[i] ?? Number.NaN;
      this.#conversationIndexes[row] = batch.conversationIndexes[i] ?? 0;
      this.#turnIndexes[row] = batch.turnIndexes[i] ?? 0;
      this.#turnCounts[row] = batch.turnCounts[i] ?? 1;
      this.#delaysNs[row] = batch.delaysNs[i] ?? 0;
      this.#cancelAfterNs[row] = batch.cancelAfterNs[i] ?? Number.NaN;
      this.#dueNs[row] = dueNs;
      this.#issuedNs[row] = batch.issuedNs;
      if (Number.isNaN(dueNs)) this.#undated.push(row);
      else this.#dated.push(row);
    }
  }

  /** Takes the next credit that may be sent at `nowNs`. */
  takeReady(nowNs: number): Credit | undefined {
    const dated = this.#dated.peek();
    if (dated !== undefined && (this.#dueNs[dated] ?? 0) <= nowNs) {
      this.#dated.pop();
      return this.#release(dated);
    }
    return this.#undated.size > 0 ? this.#release(this.#undated.shift()) : undefined;
  }

  /** Takes any credit, due or not. */
  takeAny(): Credit | undefined {
    return this.takeReady(Number.POSITIVE_INFINITY);
  }

  #release(row: number): Credit {
    this.#freeRows.push(row);
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
  }
}

function widened<A extends Float64Array | Uint32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
