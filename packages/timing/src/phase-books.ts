import { CreditTable, NO_WORKER } from './credit-table.ts';
import type { PhaseCounts, SessionCounts } from './messages.ts';
import { SESSION_FLAGS, SessionTable } from './session-table.ts';
import { DueHeap } from './worker/due-heap.ts';
import { WorkerLedger } from './worker-ledger.ts';

/** Requests due this shortly before the end of sending may miss it by the length of one wake-up; they do not count as never sent. */
const END_MARGIN_NS = 10_000_000;

/**
 * The books of one phase: every credit and session that is not settled, what each worker has, what has ended how. `CreditIssuer` makes
 * entries, `CreditReturns` settles them.
 */
export class PhaseBooks {
  readonly credits: CreditTable = new CreditTable();
  readonly sessions: SessionTable = new SessionTable();
  /** By number; those that are lost are left out. */
  workers: readonly WorkerLedger[];
  /** Rows of sessions that came back without having started; the last has the lowest credit id and is granted first. */
  returned: number[] = [];
  /** Requests of the count for which there is no credit; infinite without a count. */
  requestsLeft: number;
  /** Turns of live sessions for which there is no credit. */
  turnsLeft: number = 0;
  /** Nothing is granted after this; NaN until then. */
  closedAtNs: number = Number.NaN;
  /** Rows of sessions that hold a slot while their next turn has no credit, by the time it is ready. */
  #idle: DueHeap = this.#idleHeap();
  completed: number = 0;
  failed: number = 0;
  cancelled: number = 0;
  lost: number = 0;
  neverSent: number = 0;
  #sessionsEnded = 0;
  #sessionsEndedEarly = 0;
  /** Longest delay before a turn that is or will be granted. */
  longestDelayNs: number = 0;

  constructor(workerIds: readonly string[], requestCount: number | null) {
    this.workers = workerIds.map((id, number) => new WorkerLedger(id, number));
    this.requestsLeft = requestCount ?? Number.POSITIVE_INFINITY;
  }

  get isClosed(): boolean {
    return !Number.isNaN(this.closedAtNs);
  }

  get counts(): PhaseCounts & SessionCounts {
    const inFlight = this.sum((worker) => worker.inFlightCount);
    const sessionsInFlight = this.sum((worker) => worker.sessionsInFlight);
    return {
      sent: this.completed + this.failed + this.cancelled + this.lost + inFlight,
      completed: this.completed,
      failed: this.failed,
      cancelled: this.cancelled,
      lost: this.lost,
      inFlight,
      sessions: this.#sessionsEnded + sessionsInFlight,
      sessionsInFlight,
      sessionsEndedEarly: this.#sessionsEndedEarly,
      neverSent: this.neverSent,
    };
  }

  worker(number: number): WorkerLedger | undefined {
    return this.workers.find((worker) => worker.number === number);
  }

  workerNamed(id: string): WorkerLedger | undefined {
    return this.workers.find((worker) => worker.id === id);
  }

  sum(count: (worker: WorkerLedger) => number): number {
    let sum = 0;
    for (const worker of this.workers) sum += count(worker);
    return sum;
  }

  hasFlag(row: number, flag: number): boolean {
    return ((this.sessions.flags[row] ?? 0) & flag) !== 0;
  }

  setFlag(row: number, flag: number): void {
    this.sessions.flags[row] = (this.sessions.flags[row] ?? 0) | flag;
  }

  /** One credit of the session is out no more; the result is how many still are. */
  takeFromSession(row: number): number {
    const count = (this.sessions.outstandingCounts[row] ?? 1) - 1;
    this.sessions.outstandingCounts[row] = count;
    return count;
  }

  /** When the first of the sessions that wait for a credit is ready; `undefined`: none waits. */
  get idleReadyNs(): number | undefined {
    const row = this.#idle.peek();
    return row === undefined ? undefined : this.sessions.readyNs[row];
  }

  /** The session has no credit for its next turn, which is ready then. */
  pushIdle(row: number, readyNs: number): void {
    this.sessions.readyNs[row] = readyNs;
    this.#idle.push(row);
    this.#noteIdle(row, 1);
  }

  popIdle(): number | undefined {
    const row = this.#idle.pop();
    if (row !== undefined) this.#noteIdle(row, -1);
    return row;
  }

  /** A session that never started has come back from a worker, with everything it had. */
  takeUnstarted(row: number, worker: WorkerLedger): void {
    worker.noteSessionReturned();
    this.keepForOthers(row);
  }

  /** A session that never started is with no worker any more. */
  keepForOthers(row: number): void {
    this.sessions.workers[row] = NO_WORKER;
    if (this.isClosed) this.discardReturned(row);
    else this.returned.push(row);
  }

  sortReturned(): void {
    const { firstIds } = this.sessions;
    this.returned.sort((a, b) => (firstIds[b] ?? 0) - (firstIds[a] ?? 0));
  }

  /** Gives up a session that never started; the result is how many credits it had. */
  discardReturned(row: number): number {
    const { sessions, credits } = this;
    const firstId = sessions.firstIds[row] ?? 0;
    const creditCount = sessions.nextTurnIndexes[row] ?? 1;
    for (let turn = 0; turn < creditCount; turn += 1) {
      const slot = credits.find(firstId + turn);
      if (this.isOverdue(credits.dueNs[slot])) this.neverSent += 1;
      credits.remove(slot);
    }
    this.turnsLeft -= (sessions.turnCounts[row] ?? 1) - creditCount;
    sessions.release(row);
    return creditCount;
  }

  /** `turnsDone`: turns up to the last one that was sent; absent: some were not sent. */
  endSession(row: number, worker: WorkerLedger | undefined, turnsDone = 0): void {
    const { sessions } = this;
    const turnCount = sessions.turnCounts[row] ?? 1;
    this.turnsLeft -= turnCount - (sessions.nextTurnIndexes[row] ?? turnCount);
    this.setFlag(row, SESSION_FLAGS.ended);
    this.#sessionsEnded += 1;
    if (turnsDone < turnCount && turnCount > 1) this.#sessionsEndedEarly += 1;
    worker?.noteSessionEnded();
    this.releaseIfSettled(row);
  }

  releaseIfSettled(row: number): void {
    if ((this.sessions.outstandingCounts[row] ?? 0) === 0) this.sessions.release(row);
  }

  /** Ends the sessions that wait for a credit. */
  endIdle(): void {
    for (let row = this.popIdle(); row !== undefined; row = this.popIdle()) {
      this.endSession(row, this.worker(this.sessions.workers[row] ?? NO_WORKER));
    }
  }

  /** Forgets that these wait for a credit. */
  dropIdle(rows: ReadonlySet<number>): void {
    const kept = this.#idleHeap();
    for (let row = this.#idle.pop(); row !== undefined; row = this.#idle.pop()) if (!rows.has(row)) kept.push(row);
    this.#idle = kept;
  }

  isOverdue(dueNs: number = Number.NaN): boolean {
    return dueNs < this.closedAtNs - END_MARGIN_NS;
  }

  /** The last moment at which a request had to be due to count as never sent. */
  get overdueLimitNs(): number {
    return this.closedAtNs - END_MARGIN_NS;
  }

  #noteIdle(row: number, change: 1 | -1): void {
    const worker = this.worker(this.sessions.workers[row] ?? NO_WORKER);
    if (worker !== undefined) worker.idleSessionCount += change;
  }

  #idleHeap(): DueHeap {
    return new DueHeap((a, b) => {
      const { readyNs, sessionNumbers } = this.sessions;
      const readyA = readyNs[a] ?? 0;
      const readyB = readyNs[b] ?? 0;
      return readyA < readyB || (readyA === readyB && (sessionNumbers[a] ?? 0) < (sessionNumbers[b] ?? 0));
    });
  }
}
