/** A session of several turns on its worker, from its grant to its end. Sessions of one turn do without. */
export interface HeldSession {
  readonly sessionNumber: number;
  readonly turnCount: number;
  /** Rows of the waiting credits of later turns, by turn; absent: not granted yet, or sent. */
  readonly rows: (number | undefined)[];
  /** The turn that is sent next. */
  nextTurn: number;
  /** When the turn before it ended; NaN while it has not. */
  previousEndNs: number;
}
