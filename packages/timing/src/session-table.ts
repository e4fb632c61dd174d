import { ColumnTable } from './column-table.ts';
import { NO_WORKER } from './credit-table.ts';

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

type Doubles = Float64Array<ArrayBuffer>;
type Words = Uint32Array<ArrayBuffer>;

/** Sessions of a phase that are not settled. */
export class SessionTable extends ColumnTable {
  readonly sessionNumbers: Doubles = this.float64();
  readonly conversationIndexes: Words = this.uint32();
  readonly turnCounts: Words = this.uint32();
  /** Credit of turn 0; where all turns are granted together, that of turn k is k more. */
  readonly firstIds: Doubles = this.float64();
  /** Credits of the session that are out with a worker. */
  readonly outstandingCounts: Words = this.uint32();
  readonly workers: Words = this.uint32();
  readonly flags: Uint8Array<ArrayBuffer> = this.uint8();
  /** When the session's latest credits were granted. */
  readonly issuedNs: Doubles = this.float64();
  /** The turn that is granted next, and when its predecessor's end and its delay have passed; of turns that are granted alone. */
  readonly nextTurnIndexes: Words = this.uint32();
  readonly readyNs: Doubles = this.float64();

  add(sessionNumber: number, conversationIndex: number, turnCount: number, firstId: number): number {
    const row = this.takeRow();
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
    this.freeRow(row);
  }

  /** Rows of the sessions that run on a worker. */
  rowsOf(worker: number): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.rowLimit; row += 1) if (this.workers[row] === worker) rows.push(row);
    return rows;
  }
}
