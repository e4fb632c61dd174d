import { CREDIT_OUTCOMES } from './credit.ts';
import type { CreditReturnBatch } from './credit.ts';
import { NO_WORKER } from './credit-table.ts';
import type { PhaseBooks } from './phase-books.ts';
import { SESSION_FLAGS } from './session-table.ts';
import type { WorkerLedger } from './worker-ledger.ts';

/** What the loss of a worker cost. */
export interface WorkerLoss {
  /** Requests that it had sent, or may have sent. */
  readonly lostCount: number;
  /** Sessions that ended with it. */
  readonly sessionCount: number;
}

const UNSENT = CREDIT_OUTCOMES.indexOf('unsent');
const RECALLED = CREDIT_OUTCOMES.indexOf('recalled');
const FAILED = CREDIT_OUTCOMES.indexOf('failed');
const CANCELLED = CREDIT_OUTCOMES.indexOf('cancelled');
const COMPLETED = CREDIT_OUTCOMES.indexOf('completed');

/** Settles the credits of one phase: those that come back, and those that went down with their worker. */
export class CreditReturns {
  readonly #books: PhaseBooks;
  readonly #delayNs: (conversationIndex: number, turnIndex: number) => number;
  /** Rows of sessions whose last credit is being used, while they have turns without one. */
  #low: number[] = [];

  constructor(books: PhaseBooks, delayNs: (conversationIndex: number, turnIndex: number) => number) {
    this.#books = books;
    this.#delayNs = delayNs;
  }

  /** Books what a worker reports; the result is how many of its credits were not out there and count for nothing. */
  takeBack(worker: WorkerLedger, batch: CreditReturnBatch, nowNs: number): number {
    const books = this.#books;
    const { credits } = books;
    worker.noteSent(batch.sentCount, batch.startedSessionCount);
    let strangerCount = 0;
    const returnedBefore = books.returned.length;
    for (let i = 0; i < batch.ids.length; i += 1) {
      const slot = credits.find(batch.ids[i] ?? -1);
      const outcome = batch.outcomes[i] ?? FAILED;
      if (slot === -1 || credits.workers[slot] !== worker.number) strangerCount += 1;
      else if (outcome === UNSENT || outcome === RECALLED) this.#bookUnsent(slot, worker, outcome === RECALLED);
      else this.#bookEnded(slot, worker, outcome, nowNs);
    }
    if (books.returned.length > returnedBefore) books.sortReturned();
    worker.measureRate(nowNs);
    return strangerCount;
  }

  /** Rows of sessions that use their last credit and have further turns, as far as is known; each is told once. */
  takeLow(): readonly number[] {
    const { sessions } = this.#books;
    const low = this.#low.filter((row) => sessions.outstandingCounts[row] === 1 && sessions.flags[row] === 0);
    this.#low = [];
    return low;
  }

  /**
   * A worker is gone. Which of its credits it had sent cannot be known, so all of them count as lost but those that were not due yet: no
   * request is ever sent twice.
   */
  loseWorker(worker: WorkerLedger, nowNs: number): WorkerLoss {
    const books = this.#books;
    books.workers = books.workers.filter((other) => other !== worker);
    const loss = this.#loseCreditsOf(worker, nowNs);
    const gone = new Set(books.sessions.rowsOf(worker.number));
    books.dropIdle(gone);
    let sessionCount = loss.sessionCount;
    for (const row of gone) {
      books.endSession(row, undefined);
      sessionCount += 1;
    }
    return { lostCount: loss.lostCount, sessionCount };
  }

  /** Counts everything that is still out as lost. */
  loseOutstanding(nowNs: number): number {
    let lostCount = 0;
    for (const worker of this.#books.workers) {
      lostCount += this.#loseCreditsOf(worker, nowNs).lostCount;
      worker.forgetOutstanding();
    }
    return lostCount;
  }

  #bookEnded(slot: number, worker: WorkerLedger, outcome: number, nowNs: number): void {
    const books = this.#books;
    const { credits, sessions } = books;
    const row = credits.sessionRows[slot] ?? 0;
    const nextTurn = (credits.turnIndexes[slot] ?? 0) + 1;
    credits.remove(slot);
    worker.noteReturned(true);
    books.takeFromSession(row);
    if (outcome === COMPLETED) books.completed += 1;
    else if (outcome === CANCELLED) books.cancelled += 1;
    else books.failed += 1;
    if (outcome !== COMPLETED) books.setFlag(row, SESSION_FLAGS.broken);
    const turnCount = sessions.turnCounts[row] ?? 1;
    if (outcome === COMPLETED && !books.hasFlag(row, SESSION_FLAGS.cut) && nextTurn < turnCount) {
      const creditedTurns = sessions.nextTurnIndexes[row] ?? 0;
      if (nextTurn + 1 === creditedTurns && creditedTurns < turnCount) this.#low.push(row);
      if (nextTurn < creditedTurns) return;
      if (!books.isClosed) {
        const delayNs = this.#delayNs(sessions.conversationIndexes[row] ?? 0, nextTurn);
        if (delayNs > books.longestDelayNs) books.longestDelayNs = delayNs;
        // The report says that the turn has ended, not when.
        books.pushIdle(row, nowNs + delayNs);
        return;
      }
    }
    books.endSession(row, worker, nextTurn);
  }

  #bookUnsent(slot: number, worker: WorkerLedger, isRecalled: boolean): void {
    const books = this.#books;
    const { credits, sessions } = books;
    const row = credits.sessionRows[slot] ?? 0;
    const turnIndex = credits.turnIndexes[slot] ?? 0;
    worker.noteReturned(false);
    const outstandingCount = books.takeFromSession(row);
    const isCounted = books.requestsLeft !== Number.POSITIVE_INFINITY;
    if (turnIndex === 0) books.setFlag(row, SESSION_FLAGS.unstarted);
    const isUnstarted = books.hasFlag(row, SESSION_FLAGS.unstarted);
    if (isRecalled && turnIndex > 0 && (isUnstarted ? isCounted : sessions.flags[row] === 0)) {
      // Whoever has no request may have this one. The session goes on with a later grant.
      sessions.nextTurnIndexes[row] = Math.min(sessions.nextTurnIndexes[row] ?? turnIndex, turnIndex);
      books.turnsLeft += 1;
      books.requestsLeft += 1;
      credits.remove(slot);
      if (isUnstarted && outstandingCount === 0) books.takeUnstarted(row, worker);
      return;
    }
    if (isUnstarted) {
      credits.workers[slot] = NO_WORKER;
      if (!isRecalled) worker.hasStopped = true;
      if (outstandingCount === 0) books.takeUnstarted(row, worker);
      return;
    }
    books.requestsLeft += 1;
    if (!books.hasFlag(row, SESSION_FLAGS.broken)) {
      worker.hasStopped = true;
      books.setFlag(row, SESSION_FLAGS.cut);
      if (books.isClosed && books.isOverdue(credits.dueNs[slot])) books.neverSent += 1;
    }
    credits.remove(slot);
    if (outstandingCount > 0) return;
    if (books.hasFlag(row, SESSION_FLAGS.ended)) sessions.release(row);
    else books.endSession(row, worker);
  }

  #loseCreditsOf(worker: WorkerLedger, nowNs: number): WorkerLoss {
    const books = this.#books;
    const { sessions, credits } = books;
    let lostCount = 0;
    let sessionCount = 0;
    let row = -1;
    let earliestNs = Number.NaN;
    for (const slot of credits.rowsOf(worker.number)) {
      const turnIndex = credits.turnIndexes[slot] ?? 0;
      // Where the turns of a session that were granted together come one after the other, each waits for the one before it. When the turn
      // before the first of them ended is not known, so its delay says nothing.
      if (credits.sessionRows[slot] === row) {
        earliestNs += credits.delaysNs[slot] ?? 0;
      } else {
        row = credits.sessionRows[slot] ?? 0;
        earliestNs = sessions.issuedNs[row] ?? 0;
      }
      const dueNs = credits.dueNs[slot] ?? Number.NaN;
      if (dueNs > earliestNs) earliestNs = dueNs;
      const isUnsent = earliestNs > nowNs;
      const outstandingCount = books.takeFromSession(row);
      if ((turnIndex === 0 && isUnsent) || books.hasFlag(row, SESSION_FLAGS.unstarted)) {
        credits.workers[slot] = NO_WORKER;
        books.setFlag(row, SESSION_FLAGS.unstarted);
        if (outstandingCount === 0) books.keepForOthers(row);
        continue;
      }
      credits.remove(slot);
      if (isUnsent || books.hasFlag(row, SESSION_FLAGS.broken)) books.requestsLeft += 1;
      else lostCount += 1;
      if (books.hasFlag(row, SESSION_FLAGS.ended)) {
        books.releaseIfSettled(row);
      } else {
        sessionCount += 1;
        books.endSession(row, undefined);
      }
    }
    books.sortReturned();
    books.lost += lostCount;
    return { lostCount, sessionCount };
  }
}
