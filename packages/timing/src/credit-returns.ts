import { CREDIT_OUTCOMES } from './credit.ts';
import type { CreditOutcome, CreditReturnBatch } from './credit.ts';
import type { PhaseLedger } from './phase-ledger.ts';
import type { WorkerLedger } from './worker-ledger.ts';

/** What the loss of a worker cost. */
export interface WorkerLoss {
  /** Requests that it had sent, or may have sent. */
  readonly lostCount: number;
  /** Sessions that ended with it. */
  readonly sessionCount: number;
}

/** What becomes of the credits of one phase that come back, and of those that went down with their worker. */
export class CreditReturns {
  readonly #ledger: PhaseLedger;
  readonly #delayNs: (conversationIndex: number, turnIndex: number) => number;
  /** Rows of sessions whose last credit is being used, while they have turns without one. */
  #low: number[] = [];

  constructor(ledger: PhaseLedger, delayNs: (conversationIndex: number, turnIndex: number) => number) {
    this.#ledger = ledger;
    this.#delayNs = delayNs;
  }

  /** Books what a worker reports; the result is how many of its credits were not out there and count for nothing. */
  takeBack(worker: WorkerLedger, batch: CreditReturnBatch, nowNs: number): number {
    const ledger = this.#ledger;
    const { credits, returnedCount } = ledger;
    worker.noteSent(batch.sentCount, batch.startedSessionCount);
    let strangerCount = 0;
    for (let i = 0; i < batch.ids.length; i += 1) {
      const credit = credits.find(batch.ids[i] ?? -1);
      const outcome = CREDIT_OUTCOMES[batch.outcomes[i] ?? -1] ?? 'failed';
      if (credit === -1 || credits.workers[credit] !== worker.number) strangerCount += 1;
      else if (outcome === 'unsent' || outcome === 'recalled') this.#bookUnsent(credit, worker, outcome === 'recalled');
      else this.#bookEnded(credit, worker, outcome, nowNs);
    }
    if (ledger.returnedCount > returnedCount) ledger.sortReturned();
    worker.measureRate(nowNs);
    return strangerCount;
  }

  /** Rows of sessions that use their last credit and have further turns, as far as is known; each is told once. */
  takeLow(): readonly number[] {
    const { sessions } = this.#ledger;
    const low = this.#low.filter((row) => sessions.outstandingCounts[row] === 1 && sessions.stateOf(row) === 'live');
    this.#low = [];
    return low;
  }

  /**
   * A worker is gone. Which of its credits it had sent cannot be known, so all of them count as lost but those that were not due yet: no
   * request is ever sent twice.
   */
  loseWorker(worker: WorkerLedger, nowNs: number): WorkerLoss {
    const { lostCount, sessionCount } = this.#loseCreditsOf(worker, nowNs);
    return { lostCount, sessionCount: sessionCount + this.#ledger.removeWorker(worker) };
  }

  /** Counts everything that is still out as lost. */
  loseOutstanding(nowNs: number): number {
    let lostCount = 0;
    for (const worker of this.#ledger.workers) {
      lostCount += this.#loseCreditsOf(worker, nowNs).lostCount;
      worker.forgetOutstanding();
    }
    return lostCount;
  }

  #bookEnded(
    credit: number,
    worker: WorkerLedger,
    outcome: Exclude<CreditOutcome, 'unsent' | 'recalled'>,
    nowNs: number,
  ): void {
    const ledger = this.#ledger;
    const { credits, sessions } = ledger;
    const row = credits.sessionRows[credit] ?? 0;
    const nextTurn = (credits.turnIndexes[credit] ?? 0) + 1;
    ledger.withdraw(credit);
    worker.noteReturned(true);
    ledger.settle(credit, outcome);
    if (outcome !== 'completed') sessions.move(row, 'failed');
    const turnCount = sessions.turnCounts[row] ?? 1;
    if (nextTurn < turnCount && sessions.stateOf(row) === 'live') {
      const creditedTurns = sessions.nextTurnIndexes[row] ?? 0;
      if (nextTurn + 1 === creditedTurns && creditedTurns < turnCount) this.#low.push(row);
      if (nextTurn < creditedTurns) return;
      if (!ledger.isClosed) {
        const delayNs = this.#delayNs(sessions.conversationIndexes[row] ?? 0, nextTurn);
        ledger.noteDelay(delayNs);
        // The report says that the turn has ended, not when.
        ledger.pushIdle(row, nowNs + delayNs);
        return;
      }
    }
    ledger.endSession(row, nextTurn);
  }

  #bookUnsent(credit: number, worker: WorkerLedger, isRecalled: boolean): void {
    const ledger = this.#ledger;
    const { credits, sessions } = ledger;
    const row = credits.sessionRows[credit] ?? 0;
    const turnIndex = credits.turnIndexes[credit] ?? 0;
    const outstandingCount = ledger.withdraw(credit);
    worker.noteReturned(false);
    if (turnIndex === 0) sessions.move(row, 'firstUnsent');
    const state = sessions.stateOf(row);
    if (state === 'unstarted') {
      // Whoever has no request may have this one, if requests are counted.
      if (!isRecalled) worker.hasStopped = true;
      else if (turnIndex > 0 && ledger.requestsLeft !== Number.POSITIVE_INFINITY) ledger.freeTurn(credit);
      if (outstandingCount === 0) ledger.pushReturned(row);
      return;
    }
    if (state === 'live' && isRecalled) {
      // The session goes on with a later grant.
      ledger.freeTurn(credit);
      return;
    }
    if (state !== 'broken') {
      worker.hasStopped = true;
      sessions.move(row, 'laterUnsent');
      ledger.noteIfOverdue(credit);
    }
    ledger.free(credit);
    if (sessions.isOver(row)) ledger.releaseIfSettled(row);
    else if (outstandingCount === 0) ledger.endSession(row);
  }

  #loseCreditsOf(worker: WorkerLedger, nowNs: number): WorkerLoss {
    const ledger = this.#ledger;
    const { sessions, credits } = ledger;
    let lostCount = 0;
    let sessionCount = 0;
    let row = -1;
    let earliestNs = Number.NaN;
    for (const credit of credits.rowsOf(worker.number)) {
      // Where the turns of a session that were granted together come one after the other, each waits for the one before it. When the turn
      // before the first of them ended is not known, so its delay says nothing.
      if (credits.sessionRows[credit] === row) {
        earliestNs += credits.delaysNs[credit] ?? 0;
      } else {
        row = credits.sessionRows[credit] ?? 0;
        earliestNs = sessions.issuedNs[row] ?? 0;
      }
      const dueNs = credits.dueNs[credit] ?? Number.NaN;
      if (dueNs > earliestNs) earliestNs = dueNs;
      const isUnsent = earliestNs > nowNs;
      const outstandingCount = ledger.withdraw(credit);
      if (credits.turnIndexes[credit] === 0 && isUnsent) sessions.move(row, 'firstUnsent');
      const state = sessions.stateOf(row);
      if (state === 'unstarted') {
        if (outstandingCount === 0) ledger.pushReturned(row);
        continue;
      }
      if (isUnsent || state === 'broken') {
        ledger.free(credit);
      } else {
        ledger.lose(credit);
        lostCount += 1;
      }
      if (sessions.isOver(row)) {
        ledger.releaseIfSettled(row);
      } else {
        sessionCount += 1;
        ledger.endSession(row);
      }
    }
    ledger.sortReturned();
    return { lostCount, sessionCount };
  }
}
