/**
 * - `waiting`: granted, no turn of it has been sent. It holds no slot.
 * - `inFlight`: a turn is in flight.
 * - `between`: a turn has ended; the next one has no credit yet, or its time has not come.
 *
 * One that is over is forgotten.
 */
type HeldSessionState = 'waiting' | 'inFlight' | 'between';

/** What happens to it when one of its turns is sent or ends. */
function nextHeldState(state: HeldSessionState, event: 'sent' | 'ended'): HeldSessionState {
  if (event === 'sent' && state !== 'inFlight') return 'inFlight';
  if (event === 'ended' && state === 'inFlight') return 'between';
  throw new Error(`a session that is ${state} cannot have a turn ${event}`);
}

/** A session of several turns on its worker, from its grant to its end; only its own methods change it. Sessions of one turn do without. */
export class HeldSession {
  readonly sessionNumber: number;
  readonly turnCount: number;
  /** Rows of the waiting credits of later turns, by turn; absent: not granted yet, or sent. */
  readonly rows: (number | undefined)[] = [];
  state: HeldSessionState = 'waiting';
  /** The turn that is sent next. */
  nextTurn: number = 0;
  /** When the turn before it ended; NaN before the first end. */
  endedNs: number = Number.NaN;

  constructor(sessionNumber: number, turnCount: number) {
    this.sessionNumber = sessionNumber;
    this.turnCount = turnCount;
  }

  turnSent(turnIndex: number): void {
    this.state = nextHeldState(this.state, 'sent');
    this.nextTurn = turnIndex + 1;
  }

  /** The result is the row of the next turn, which goes on waiting outside; `undefined`: it has no credit yet. */
  turnEnded(nowNs: number): number | undefined {
    this.state = nextHeldState(this.state, 'ended');
    this.endedNs = nowNs;
    const row = this.rows[this.nextTurn];
    this.rows[this.nextTurn] = undefined;
    return row;
  }
}
