import { CreditTable, NO_WORKER } from './credit-table.ts';
import type { PhaseCounts, SessionCounts } from './messages.ts';
import { SessionTable } from './session-table.ts';
import { DueHeap } from './worker/due-heap.ts';
import { WorkerLedger } from './worker-ledger.ts';

/** Requests due this shortly before the end of sending may miss it by the length of one wake-up; they do not count as never sent. */
const END_MARGIN_NS = 10_000_000;

/**
 * Every credit and session of one phase that is not settled, who has it, and what has become of the others. `CreditIssuer` makes and grants
 * them, `CreditReturns` says what becomes of those that come back; all counting is done here. After each of their calls:
 *
 * 1. Requests: sent = completed + failed + cancelled + lost + in flight. Of a request count, every request is left, has a credit in the
 *    table, or is one of those that have ended or are lost; so no more are granted than were asked for.
 * 2. Credits: what a worker was granted = what is out with it + what it returned. A credit is out with the worker of its session or with
 *    nobody, and the session counts those that are out.
 * 3. Turns: `turnsLeft` are the turns of sessions that are not over for which there is no credit.
 * 4. Sessions: begun = ended + in flight; the sessions that a worker is said to have are the rows that name it and are not over. No more
 *    are in flight there than it has slots.
 * 5. A session of which nothing is out has come back unstarted and is with nobody, or is over and forgotten, or is idle: its next turn has
 *    no credit. It is never two of these.
 * 6. Nothing that is counted is below 0.
 */
export class PhaseLedger {
  readonly requestCount: number | null;
  readonly credits: CreditTable = new CreditTable();
  readonly sessions: SessionTable = new SessionTable();
  #workers: readonly WorkerLedger[];
  /** Rows of sessions that came back without having started; the last has the lowest credit id and is granted first. */
  #returned: number[] = [];
  /** Rows of idle sessions, by the time at which the next turn is ready. */
  #idle: DueHeap = this.#idleHeap();
  #nextCreditId = 0;
  #nextSessionNumber = 0;
  #sessionsMade = 0;
  #turnsMade = 0;
  #requestsLeft: number;
  #turnsLeft = 0;
  #closedAtNs = Number.NaN;
  #longestDelayNs = 0;
  readonly #counts = { completed: 0, failed: 0, cancelled: 0, lost: 0, neverSent: 0, sessionsEndedEarly: 0 };
  #sessionsEnded = 0;

  constructor(workerIds: readonly string[], requestCount: number | null) {
    this.#workers = workerIds.map((id, number) => new WorkerLedger(id, number));
    this.requestCount = requestCount;
    this.#requestsLeft = requestCount ?? Number.POSITIVE_INFINITY;
  }

  /** Workers that are left, in the order of the plan. */
  get workers(): readonly WorkerLedger[] {
    return this.#workers;
  }
  /** Those that may be granted more. */
  get openWorkers(): readonly WorkerLedger[] {
    return this.#workers.filter(({ hasStopped }) => !hasStopped);
  }
  /** Sessions that came back without having started. */
  get returnedCount(): number {
    return this.#returned.length;
  }
  /** Requests of the count for which there is no credit; infinite without a count. */
  get requestsLeft(): number {
    return this.#requestsLeft;
  }
  /** Turns of live sessions for which there is no credit. */
  get turnsLeft(): number {
    return this.#turnsLeft;
  }
  /** Sessions and turns that were made and not dissolved. */
  get sessionsMade(): number {
    return this.#sessionsMade;
  }
  get turnsMade(): number {
    return this.#turnsMade;
  }
  /** Sessions are there that have turns for which no request is left. */
  get hasTruncatedSessions(): boolean {
    return this.#requestsLeft === 0 && this.#turnsLeft > 0;
  }
  /** Nothing is granted any more, whatever comes back. */
  get isClosed(): boolean {
    return !Number.isNaN(this.#closedAtNs);
  }
  /** Longest delay before a turn that was granted or waits: so long nothing may happen and all is well. */
  get longestDelayNs(): number {
    return this.#longestDelayNs;
  }
  /** Credits granted and not known to be sent. */
  get unsentCount(): number {
    return this.#sum((worker) => worker.unsentCount);
  }
  get outstandingCount(): number {
    return this.#sum((worker) => worker.outstandingCount);
  }
  /** When the first of the idle sessions is ready for its next turn; `undefined`: there is none. */
  get idleReadyNs(): number | undefined {
    const row = this.#idle.peek();
    return row === undefined ? undefined : this.sessions.readyNs[row];
  }
  /** Due time of the returned session that is granted first; `undefined`: there is none. */
  get returnedDueNs(): number | undefined {
    const row = this.#returned.at(-1);
    return row === undefined ? undefined : this.credits.dueNs[this.credits.find(this.sessions.firstIds[row] ?? -1)];
  }

  get counts(): PhaseCounts & SessionCounts {
    const { completed, failed, cancelled, lost } = this.#counts;
    const inFlight = this.#sum((worker) => worker.inFlightCount);
    const sessionsInFlight = this.#sum((worker) => worker.sessionsInFlight);
    return {
      ...this.#counts,
      sent: completed + failed + cancelled + lost + inFlight,
      inFlight,
      sessions: this.#sessionsEnded + sessionsInFlight,
      sessionsInFlight,
    };
  }

  workerNamed(id: string): WorkerLedger | undefined {
    return this.#workers.find((worker) => worker.id === id);
  }

  /** The worker that has a session; `undefined`: it is with nobody. */
  workerOf(row: number): WorkerLedger | undefined {
    const number = this.sessions.workers[row] ?? NO_WORKER;
    return this.#workers.find((worker) => worker.number === number);
  }

  /** A new session, none of whose turns has a credit. */
  addSession(conversationIndex: number, turnCount: number): number {
    const { sessions } = this;
    const row = sessions.takeRow();
    sessions.sessionNumbers[row] = this.#nextSessionNumber;
    sessions.conversationIndexes[row] = conversationIndex;
    sessions.turnCounts[row] = turnCount;
    sessions.firstIds[row] = this.#nextCreditId;
    sessions.outstandingCounts[row] = 0;
    sessions.workers[row] = NO_WORKER;
    sessions.states[row] = 0;
    sessions.nextTurnIndexes[row] = 0;
    this.#nextSessionNumber += 1;
    this.#sessionsMade += 1;
    this.#turnsMade += turnCount;
    this.#turnsLeft += turnCount;
    return row;
  }

  /** A credit for the session's next turn, with nobody yet. */
  addCredit(row: number, dueNs: number, delayNs: number, cancelAfterNs: number): number {
    const { credits, sessions } = this;
    const credit = credits.add(this.#nextCreditId);
    const turnIndex = sessions.nextTurnIndexes[row] ?? 0;
    this.#nextCreditId += 1;
    this.#requestsLeft -= 1;
    this.#turnsLeft -= 1;
    sessions.nextTurnIndexes[row] = turnIndex + 1;
    credits.sessionRows[credit] = row;
    credits.turnIndexes[credit] = turnIndex;
    credits.dueNs[credit] = dueNs;
    credits.delaysNs[credit] = delayNs;
    credits.cancelAfterNs[credit] = cancelAfterNs;
    this.noteDelay(delayNs);
    return credit;
  }

  noteDelay(delayNs: number): void {
    if (delayNs > this.#longestDelayNs) this.#longestDelayNs = delayNs;
  }

  /** A worker gets a session; {@link grantCredit} gives it the credits. */
  grantSession(row: number, worker: WorkerLedger, nowNs: number): void {
    this.sessions.workers[row] = worker.number;
    this.sessions.issuedNs[row] = nowNs;
    this.sessions.move(row, 'granted');
    worker.noteSessionGranted();
  }

  /** The worker that has the session gets a credit of it. */
  grantCredit(credit: number, worker: WorkerLedger): void {
    const { credits, sessions } = this;
    const row = credits.sessionRows[credit] ?? 0;
    credits.workers[credit] = worker.number;
    sessions.outstandingCounts[row] = (sessions.outstandingCounts[row] ?? 0) + 1;
    worker.noteGranted();
  }

  /** A credit is out no more: it came back, or went down with its worker. The result is how many of its session still are. */
  withdraw(credit: number): number {
    const { credits, sessions } = this;
    const row = credits.sessionRows[credit] ?? 0;
    const outstandingCount = (sessions.outstandingCounts[row] ?? 1) - 1;
    credits.workers[credit] = NO_WORKER;
    sessions.outstandingCounts[row] = outstandingCount;
    return outstandingCount;
  }

  /** The request of a withdrawn credit has ended. */
  settle(credit: number, outcome: 'completed' | 'failed' | 'cancelled'): void {
    this.credits.remove(credit);
    this.#counts[outcome] += 1;
  }

  /** The request of a withdrawn credit was sent, or may have been, and nobody knows what became of it. */
  lose(credit: number): void {
    this.credits.remove(credit);
    this.#counts.lost += 1;
  }

  /** The request of a withdrawn credit was not sent: others may have it. */
  free(credit: number): void {
    this.credits.remove(credit);
    this.#requestsLeft += 1;
  }

  /** As {@link free}, for a turn of a session that goes on and will need a request for it again. */
  freeTurn(credit: number): void {
    const { credits, sessions } = this;
    const row = credits.sessionRows[credit] ?? 0;
    const turnIndex = credits.turnIndexes[credit] ?? 0;
    sessions.nextTurnIndexes[row] = Math.min(sessions.nextTurnIndexes[row] ?? turnIndex, turnIndex);
    this.#turnsLeft += 1;
    this.free(credit);
  }

  /** A credit comes back unsent that was due before the phase stopped sending. */
  noteIfOverdue(credit: number): void {
    if ((this.credits.dueNs[credit] ?? Number.NaN) < this.overdueLimitNs) this.#counts.neverSent += 1;
  }

  /** The last moment at which a request had to be due to count as never sent; NaN while there is none. */
  get overdueLimitNs(): number {
    return this.#closedAtNs - END_MARGIN_NS;
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

  /** A session that never started is with no worker any more. */
  pushReturned(row: number): void {
    this.workerOf(row)?.noteSessionReturned();
    this.sessions.workers[row] = NO_WORKER;
    if (this.isClosed) this.#discard(row);
    else this.#returned.push(row);
  }

  /** After the last of some {@link pushReturned}. */
  sortReturned(): void {
    const { firstIds } = this.sessions;
    this.#returned.sort((a, b) => (firstIds[b] ?? 0) - (firstIds[a] ?? 0));
  }

  popReturned(): number | undefined {
    return this.#returned.pop();
  }

  /** Makes the requests of the last session that came back unstarted free for others; false: there is none. */
  dissolveReturned(): boolean {
    const row = this.#returned.shift();
    if (row === undefined) return false;
    this.#sessionsMade -= 1;
    this.#turnsMade -= this.sessions.turnCounts[row] ?? 1;
    this.#discard(row);
    return true;
  }

  /** `turnsDone`: turns up to the last one that was sent; absent: some were not sent. */
  endSession(row: number, turnsDone = 0): void {
    const { sessions } = this;
    const turnCount = sessions.turnCounts[row] ?? 1;
    this.#turnsLeft -= turnCount - (sessions.nextTurnIndexes[row] ?? turnCount);
    sessions.move(row, 'ended');
    this.#sessionsEnded += 1;
    if (turnsDone < turnCount && turnCount > 1) this.#counts.sessionsEndedEarly += 1;
    this.workerOf(row)?.noteSessionEnded();
    this.releaseIfSettled(row);
  }

  /** Forgets a session that is over when nothing of it is out. */
  releaseIfSettled(row: number): void {
    if ((this.sessions.outstandingCounts[row] ?? 0) === 0) this.sessions.freeRow(row);
  }

  /** A worker of which no credit is out is gone; its sessions end. The result is how many. */
  removeWorker(worker: WorkerLedger): number {
    this.#workers = this.#workers.filter((other) => other !== worker);
    const gone = new Set(this.sessions.rowsOf(worker.number));
    const idle = this.#idleHeap();
    for (let row = this.#idle.pop(); row !== undefined; row = this.#idle.pop()) if (!gone.has(row)) idle.push(row);
    this.#idle = idle;
    for (const row of gone) this.endSession(row);
    return gone.size;
  }

  /** Nothing is granted from here on. What was due before `atNs` and is not sent has missed its time, and so have those that were not made. */
  close(atNs: number, countNeverMade: (overdueLimitNs: number) => number): void {
    this.#closedAtNs = atNs;
    this.#counts.neverSent += countNeverMade(this.overdueLimitNs);
    for (const row of this.#returned) this.#discard(row);
    this.#returned = [];
    for (let row = this.popIdle(); row !== undefined; row = this.popIdle()) this.endSession(row);
  }

  /** Gives up a session that never started. */
  #discard(row: number): void {
    const { sessions, credits } = this;
    const firstId = sessions.firstIds[row] ?? 0;
    const creditCount = sessions.nextTurnIndexes[row] ?? 1;
    for (let turn = 0; turn < creditCount; turn += 1) {
      const credit = credits.find(firstId + turn);
      this.noteIfOverdue(credit);
      this.free(credit);
    }
    this.#turnsLeft -= (sessions.turnCounts[row] ?? 1) - creditCount;
    sessions.freeRow(row);
  }

  #sum(count: (worker: WorkerLedger) => number): number {
    let sum = 0;
    for (const worker of this.#workers) sum += count(worker);
    return sum;
  }

  #noteIdle(row: number, change: 1 | -1): void {
    const worker = this.workerOf(row);
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
