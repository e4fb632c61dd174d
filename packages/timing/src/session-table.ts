import { ColumnTable } from './column-table.ts';
import type { Bytes, Doubles, Words } from './column-table.ts';

/**
 * - `live`: it has been granted and goes on, or nobody has had it yet.
 * - `unstarted`: its first turn came back unsent: it never started. Other turns of it may be on their way back. Left by its next grant.
 * - `cut`: a later turn came back unsent, for no fault of the session: it ends with the turn that is in flight, if one is.
 * - `broken`: over, since a turn failed or was cancelled. The turns after it come back unsent, which says nothing about the worker.
 * - `over`: nothing more of it will be sent.
 */
const SESSION_STATES = ['live', 'unstarted', 'cut', 'broken', 'over'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** What a session's state depends on. */
export type SessionEvent = 'granted' | 'firstUnsent' | 'laterUnsent' | 'failed' | 'ended';

export function nextSessionState(state: SessionState, event: SessionEvent): SessionState {
  switch (event) {
    case 'granted':
      return 'live';
    case 'firstUnsent':
      return 'unstarted';
    case 'laterUnsent':
      return state === 'live' ? 'cut' : state;
    case 'failed':
      return 'broken';
    case 'ended':
      return state === 'broken' ? 'broken' : 'over';
  }
}

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
  /** Index into the names of states. */
  readonly states: Bytes = this.uint8();
  /** When the session's latest credits were granted. */
  readonly issuedNs: Doubles = this.float64();
  /** The turn that is granted next, and when its predecessor's end and its delay have passed; of turns that are granted alone. */
  readonly nextTurnIndexes: Words = this.uint32();
  readonly readyNs: Doubles = this.float64();

  stateOf(row: number): SessionState {
    return SESSION_STATES[this.states[row] ?? 0] ?? 'live';
  }

  move(row: number, event: SessionEvent): void {
    this.states[row] = SESSION_STATES.indexOf(nextSessionState(this.stateOf(row), event));
  }

  /** Nothing more of it will be sent; what it has out comes back unsent. */
  isOver(row: number): boolean {
    const state = this.stateOf(row);
    return state === 'over' || state === 'broken';
  }

  /** Rows of the sessions that run on a worker. */
  rowsOf(worker: number): number[] {
    return this.rows().filter((row) => this.workers[row] === worker);
  }
}
