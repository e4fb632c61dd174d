import { NO_WORKER } from './credit-table.ts';
import { widened } from '@aiperf/records';

/** Bits of {@link SessionTable.flags}. */
export const SESSION_FLAGS = {
  /** Nothing more of it will be sent. */
  ended: 1,
  /** A turn failed or was cancelled; the turns after it come back unsent, which says nothing about the worker. */
  broken: 2,
  /** Its first turn came back unsent: it never started. */
  unstarted: 4,
  /** A later turn came back unsent, for no fault of the session: it ends with the turn that is in flight, if one is. */
  cut: 8,
} as const;

/** Sessions of a phase that are not settled, as columns. Rows are reused. */
export class SessionTable {
  #capacity = 64;
  #rowsUsed = 0;
  readonly #freeRows: number[] = [];
  sessionNumbers: Float64Array<ArrayBuffer> = new Float64Array(this.#capacity);
  conversationIndexes: Uint32Array<ArrayBuffer> = new Uint32Array(this.#capacity);
  turnCounts: Uint32Array<ArrayBuffer> = new Uint32Array(this.#capacity);
  /** Credit of turn 0; where all turns are granted together, that of turn k is k more. */
  firstIds: Float64Array<ArrayBuffer> = new Float64Array(this.#capacity);
  /** Credits of the session that are out with a worker. */
  outstandingCounts: Uint32Array<ArrayBuffer> = new Uint32Array(this.#capacity);
  workers: Uint32Array<ArrayBuffer> = new Uint32Array(this.#capacity);
  flags: Uint8Array<ArrayBuffer> = new Uint8Array(this.#capacity);
  /** When the session's latest credits were granted. */
  issuedNs: Float64Array<ArrayBuffer> = new Float64Array(this.#capacity);
  /** The turn that is granted next, and when its predecessor's end and its delay have passed; of turns that are granted alone. */
  nextTurnIndexes: Uint32Array<ArrayBuffer> = new Uint32Array(this.#capacity);
  readyNs: Float64Array<ArrayBuffer> = new Float64Array(this.#capacity);

  get size(): number {
    return this.#rowsUsed - this.#freeRows.length;
  }

  add(sessionNumber: number, conversationIndex: number, turnCount: number, firstId: number): number {
    const row = this.#freeRows.pop() ?? this.#newRow();
    this.sessionNumbers[row] = sessionNumber;
    this.conversationIndexes[row] = conversationIndex;
    this.turnCounts[row] = turnCount;
    this.firstIds[row] = firstId;
    this.outstandingCounts[row] = 0;
    this.workers[row] = NO_WORKER;
    this.flags[row] = 0;
    this.nextTurnIndexes[row] = 0;
    return row;
  }

  release(row: number): void {
    this.workers[row] = NO_WORKER;
    this.#freeRows.push(row);
  }

  /** Rows of the sessions that run on a worker. */
  rowsOf(worker: number): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.#rowsUsed; row += 1) if (this.workers[row] === worker) rows.push(row);
    return rows;
  }

  #newRow(): number {
    if (this.#rowsUsed === this.#capacity) this.#grow();
    this.#rowsUsed += 1;
    return this.#rowsUsed - 1;
  }

  #grow(): void {
    this.#capacity *= 2;
    this.sessionNumbers = widened(this.sessionNumbers, new Float64Array(this.#capacity));
    this.conversationIndexes = widened(this.conversationIndexes, new Uint32Array(this.#capacity));
    this.turnCounts = widened(this.turnCounts, new Uint32Array(this.#capacity));
    this.firstIds = widened(this.firstIds, new Float64Array(this.#capacity));
    this.outstandingCounts = widened(this.outstandingCounts, new Uint32Array(this.#capacity));
    this.workers = widened(this.workers, new Uint32Array(this.#capacity));
    this.flags = widened(this.flags, new Uint8Array(this.#capacity));
    this.issuedNs = widened(this.issuedNs, new Float64Array(this.#capacity));
    this.nextTurnIndexes = widened(this.nextTurnIndexes, new Uint32Array(this.#capacity));
    this.readyNs = widened(this.readyNs, new Float64Array(this.#capacity));
  }
}
