import type { CreditBatch } from './credit.ts';
import { widened } from '@aiperf/records';

/** Grows the columns of one grant and hands them out without copying. Used again for the next grant. */
export class CreditColumns {
  #size = 0;
  #capacity = 64;
  #ids = new Float64Array(this.#capacity);
  #sessionNumbers = new Float64Array(this.#capacity);
  #conversationIndexes = new Uint32Array(this.#capacity);
  #turnIndexes = new Uint32Array(this.#capacity);
  #turnCounts = new Uint32Array(this.#capacity);
  #dueNs = new Float64Array(this.#capacity);
  #delaysNs = new Float64Array(this.#capacity);
  #cancelAfterNs = new Float64Array(this.#capacity);

  get size(): number {
    return this.#size;
  }

  add(
    id: number,
    sessionNumber: number,
    conversationIndex: number,
    turnIndex: number,
    turnCount: number,
    dueNs: number,
    delayNs: number,
    cancelAfterNs: number,
  ): void {
    if (this.#size === this.#capacity) this.#grow();
    const row = this.#size;
    this.#size += 1;
    this.#ids[row] = id;
    this.#sessionNumbers[row] = sessionNumber;
    this.#conversationIndexes[row] = conversationIndex;
    this.#turnIndexes[row] = turnIndex;
    this.#turnCounts[row] = turnCount;
    this.#dueNs[row] = dueNs;
    this.#delaysNs[row] = delayNs;
    this.#cancelAfterNs[row] = cancelAfterNs;
  }

  /** Everything added since the last call. The columns are overwritten by what is added next. */
  take(phaseIndex: number, issuedNs: number): CreditBatch {
    const count = this.#size;
    this.#size = 0;
    return {
      phaseIndex,
      issuedNs,
      ids: this.#ids.subarray(0, count),
      sessionNumbers: this.#sessionNumbers.subarray(0, count),
      conversationIndexes: this.#conversationIndexes.subarray(0, count),
      turnIndexes: this.#turnIndexes.subarray(0, count),
      turnCounts: this.#turnCounts.subarray(0, count),
      dueNs: this.#dueNs.subarray(0, count),
      delaysNs: this.#delaysNs.subarray(0, count),
      cancelAfterNs: this.#cancelAfterNs.subarray(0, count),
    };
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#ids = widened(this.#ids, new Float64Array(this.#capacity));
    this.#sessionNumbers = widened(this.#sessionNumbers, new Float64Array(this.#capacity));
    this.#conversationIndexes = widened(this.#conversationIndexes, new Uint32Array(this.#capacity));
    this.#turnIndexes = widened(this.#turnIndexes, new Uint32Array(this.#capacity));
    this.#turnCounts = widened(this.#turnCounts, new Uint32Array(this.#capacity));
    this.#dueNs = widened(this.#dueNs, new Float64Array(this.#capacity));
    this.#delaysNs = widened(this.#delaysNs, new Float64Array(this.#capacity));
    this.#cancelAfterNs = widened(this.#cancelAfterNs, new Float64Array(this.#capacity));
  }
}
