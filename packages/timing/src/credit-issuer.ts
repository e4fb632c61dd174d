import { CREDIT_OUTCOMES } from './credit.ts';
import type { CreditBatch, CreditReturnBatch } from './credit.ts';
import { CreditColumns } from './credit-columns.ts';
import { CreditTable, NO_WORKER } from './credit-table.ts';
import type { PhaseCounts, SessionCounts } from './messages.ts';
import { isPastSendingEnd } from './phase/stop-conditions.ts';
import type { StopConditions } from './phase/stop-conditions.ts';
import { SESSION_FLAGS, SessionTable } from './session-table.ts';
import type { SessionSource } from './sessions/session-source.ts';
import { DueHeap } from './worker/due-heap.ts';
import { WorkerLedger } from './worker-ledger.ts';

/** What the credits of one phase are made from. */
export interface CreditIssuerOptions {
  readonly phaseIndex: number;
  readonly workerIds: readonly string[];
  readonly stopConditions: StopConditions;
  readonly source: SessionSource;
  /** Of each new credit, in credit order; NaN: it is not cancelled. */
  readonly nextCancelAfterNs: () => number;
  /** The batch is good during the call only. */
  grant(workerId: string, batch: CreditBatch): void;
}

/** What the loss of a worker cost. */
export interface WorkerLoss {
  /** Requests that it had sent, or may have sent. */
  readonly lostCount: number;
  /** Sessions that ended with it. */
  readonly sessionCount: number;
}

/** Requests due this shortly before the end of sending may miss it by the length of one wake-up; they do not count as never sent. */
const END_MARGIN_NS = 10_000_000;

const UNSENT = CREDIT_OUTCOMES.indexOf('unsent');
const FAILED = CREDIT_OUTCOMES.indexOf('failed');
const CANCELLED = CREDIT_OUTCOMES.indexOf('cancelled');
const COMPLETED = CREDIT_OUTCOMES.indexOf('completed');

/**
 * The books of one phase: makes sessions and their credits, grants them, takes them back. A credit is out with one worker or with none. A
 * session that never started is granted again to another worker, with the ids, conversation and times it had, before a new one is made;
 * the turns that a session did not come to are free again for new sessions.
 */
export class CreditIssuer {
  readonly #options: CreditIssuerOptions;
  readonly #source: SessionSource;
  /** By number; those that are lost are left out. */
  #workers: readonly WorkerLedger[];
  readonly #columns: readonly CreditColumns[];
  readonly #credits = new CreditTable();
  readonly #sessions = new SessionTable();
  /** Rows of sessions that came back without having started; the last has the lowest credit id and is granted first. */
  #returned: number[] = [];
  /** Rows of sessions whose next turn is to be granted alone, by the time it is ready. */
  #later: DueHeap = this.#laterHeap();
  #nextId = 0;
  #sessionsMade = 0;
  #turnsMade = 0;
  /** Requests that no session has claimed. */
  #unclaimed: number;
  /** Turns that live sessions have claimed and that are granted later. */
  #ungranted = 0;
  #closedAtNs = Number.NaN;
  #completed = 0;
  #failed = 0;
  #cancelled = 0;
  #lost = 0;
  #sessionsEnded = 0;
  #sessionsEndedEarly = 0;
  #neverSent = 0;
  #lastSentNs = Number.NaN;
  #longestDelayNs = 0;

  constructor(options: CreditIssuerOptions) {
    this.#options = options;
    this.#source = options.source;
    this.#workers = options.workerIds.map((id, number) => new WorkerLedger(id, number));
    this.#columns = options.workerIds.map(() => new CreditColumns());
    this.#unclaimed = options.stopConditions.requestCount ?? Number.POSITIVE_INFINITY;
  }

  /** Workers that are left, in the order of the plan. */
  get workers(): readonly WorkerLedger[] {
    return this.#workers;
  }

  /** Those that may be granted more. */
  get openWorkers(): readonly WorkerLedger[] {
    return this.#workers.filter(({ hasStopped }) => !hasStopped);
  }

  /** Whether later turns are granted alone, when the turn before has come back. */
  get grantsLaterTurns(): boolean {
    return this.#source.takeLaterDueNs !== undefined && this.#source.hasLaterTurns;
  }

  /** Whether anything is still to be granted, now or when other turns have ended. */
  get hasMore(): boolean {
    return !this.#isClosed && (this.#returned.length > 0 || this.#ungranted > 0 || this.#hasNewSession);
  }

  /** Sessions that can be granted now at most; infinite when only time ends the phase. */
  get sessionsLeftMax(): number {
    return this.#sessionsLeft(1);
  }

  /** The same if conversations go on as long as they did so far. */
  get sessionsLeftLikely(): number {
    return this.#sessionsLeft(this.#sessionsMade === 0 ? 1 : this.#turnsMade / this.#sessionsMade);
  }

  /** Credits granted and not known to be sent, over all workers. */
  get unsentCount(): number {
    return this.#sum((worker) => worker.unsentCount);
  }

  get outstandingCount(): number {
    return this.#sum((worker) => worker.outstandingCount);
  }

  /** Sessions granted and not known to have begun, over all workers. */
  get waitingSessionCount(): number {
    return this.#sum((worker) => worker.waitingSessionCount);
  }

  /** When the latest request was sent, in run nanoseconds; NaN before the first. */
  get lastSentNs(): number {
    return this.#lastSentNs;
  }

  /** Longest delay before a turn that was granted: so long nothing may happen and all is well. */
  get longestDelayNs(): number {
    return this.#longestDelayNs;
  }

  get counts(): PhaseCounts & SessionCounts {
    const inFlight = this.#sum((worker) => worker.inFlightCount);
    const sessionsInFlight = this.#sum((worker) => worker.sessionsInFlight);
    return {
      sent: this.#completed + this.#failed + this.#cancelled + this.#lost + inFlight,
      completed: this.#completed,
      failed: this.#failed,
      cancelled: this.#cancelled,
      lost: this.#lost,
      inFlight,
      sessions: this.#sessionsEnded + sessionsInFlight,
      sessionsInFlight,
      sessionsEndedEarly: this.#sessionsEndedEarly,
      neverSent: this.#neverSent,
    };
  }

  /** Whether a worker holds a credit that is due after this. */
  hasDueAfter(timeNs: number): boolean {
    return this.#credits.hasDueAfter(timeNs);
  }

  /** Due time of the session that {@link grantSession} grants next; `undefined`: there is none. */
  peekDueNs(): number | undefined {
    if (this.#isClosed) return undefined;
    const row = this.#returned.at(-1);
    if (row === undefined) return this.#hasNewSession ? this.#source.peekDueNs() : undefined;
    return this.#credits.dueNs[this.#credits.find(this.#sessions.firstIds[row] ?? -1)];
  }

  /** When the next later turn that is granted alone is ready; `undefined`: there is none. */
  peekReadyNs(): number | undefined {
    const row = this.#later.peek();
    return row === undefined ? undefined : this.#sessions.readyNs[row];
  }

  /** Puts the next session into what {@link flush} sends to the worker; false: there is none. */
  grantSession(worker: WorkerLedger, nowNs: number): boolean {
    if (this.#isClosed) return false;
    const returned = this.#returned.pop();
    if (returned === undefined && !this.#hasNewSession) return false;
    const row = returned ?? this.#makeSession();
    const sessions = this.#sessions;
    const firstId = sessions.firstIds[row] ?? 0;
    const creditCount = sessions.nextTurnIndexes[row] ?? 1;
    sessions.workers[row] = worker.number;
    sessions.flags[row] = 0;
    sessions.issuedNs[row] = nowNs;
    sessions.outstandingCounts[row] = creditCount;
    for (let turn = 0; turn < creditCount; turn += 1) this.#put(firstId + turn, worker);
    worker.noteGranted(1, creditCount);
    return true;
  }

  /** Gives the ready turn at the head of the queue its due time and puts it into what is sent to its session's worker. */
  grantLaterTurn(nowNs: number): void {
    const row = this.#later.pop();
    if (row === undefined) return;
    const sessions = this.#sessions;
    const worker = this.#worker(sessions.workers[row] ?? NO_WORKER);
    const readyNs = sessions.readyNs[row] ?? nowNs;
    const dueNs = this.#source.takeLaterDueNs?.(readyNs, this.#hasNewSession) ?? Number.NaN;
    if (worker === undefined || isPastSendingEnd(this.#options.stopConditions, dueNs)) {
      this.#endSession(row, worker);
      return;
    }
    const turnIndex = sessions.nextTurnIndexes[row] ?? 0;
    const id = this.#makeCredit(row, turnIndex, dueNs);
    this.#ungranted -= 1;
    sessions.nextTurnIndexes[row] = turnIndex + 1;
    sessions.issuedNs[row] = nowNs;
    sessions.outstandingCounts[row] = 1;
    this.#put(id, worker);
    worker.noteGranted(0, 1);
  }

  /** Sends what was granted. */
  flush(nowNs: number): void {
    for (const worker of this.#workers) {
      const columns = this.#columns[worker.number];
      if (columns === undefined || columns.size === 0) continue;
      this.#options.grant(worker.id, columns.take(this.#options.phaseIndex, nowNs));
    }
  }

  /** Books what a worker reports; the result is how many of its credits were not out there and count for nothing. */
  takeBack(workerId: string, batch: CreditReturnBatch, nowNs: number): number {
    const worker = this.#workers.find(({ id }) => id === workerId);
    if (worker === undefined) return batch.ids.length;
    worker.noteSent(batch.sentCount, batch.startedSessionCount);
    if (!(batch.lastSentNs <= this.#lastSentNs) && !Number.isNaN(batch.lastSentNs)) this.#lastSentNs = batch.lastSentNs;
    let strangerCount = 0;
    const returnedBefore = this.#returned.length;
    for (let i = 0; i < batch.ids.length; i += 1) {
      const slot = this.#credits.find(batch.ids[i] ?? -1);
      if (slot === -1 || this.#credits.workers[slot] !== worker.number) {
        strangerCount += 1;
      } else if (batch.outcomes[i] === UNSENT) {
        this.#bookUnsent(slot, worker);
      } else {
        this.#bookEnded(slot, worker, batch.outcomes[i] ?? FAILED, nowNs);
      }
    }
    if (this.#returned.length > returnedBefore) this.#sortReturned();
    worker.measureRate(nowNs);
    return strangerCount;
  }

  /**
   * A worker is gone. Which of its credits it had sent cannot be known, so all of them count as lost but those that were not due yet: no
   * request is ever sent twice.
   */
  loseWorker(workerId: string, nowNs: number): WorkerLoss {
    const worker = this.#workers.find(({ id }) => id === workerId);
    if (worker === undefined) return { lostCount: 0, sessionCount: 0 };
    this.#workers = this.#workers.filter((other) => other !== worker);
    const loss = this.#loseCreditsOf(worker, nowNs);
    const gone = new Set(this.#sessions.rowsOf(worker.number));
    this.#dropLater(gone);
    let sessionCount = loss.sessionCount;
    for (const row of gone) {
      this.#endSession(row, undefined);
      sessionCount += 1;
    }
    return { lostCount: loss.lostCount, sessionCount };
  }

  /** Counts everything that is still out as lost. */
  loseOutstanding(nowNs: number): number {
    let lostCount = 0;
    for (const worker of this.#workers) {
      lostCount += this.#loseCreditsOf(worker, nowNs).lostCount;
      worker.forgetOutstanding();
    }
    return lostCount;
  }

  /** Nothing is granted from here on. What was due before `atNs` and is not sent has missed its time. */
  close(atNs: number): void {
    if (this.#isClosed) return;
    if (this.#hasNewSession) {
      const { sessionCount } = this.#options.stopConditions;
      const sessionLimit = (sessionCount ?? Number.POSITIVE_INFINITY) - this.#sessionsMade;
      this.#neverSent += this.#source.countDueBefore(atNs - END_MARGIN_NS, this.#unclaimed, sessionLimit);
    }
    this.#closedAtNs = atNs;
    for (const row of this.#returned) this.#discard(row);
    this.#returned = [];
    for (let row = this.#later.pop(); row !== undefined; row = this.#later.pop()) {
      this.#endSession(row, this.#worker(this.#sessions.workers[row] ?? NO_WORKER));
    }
  }

  get #isClosed(): boolean {
    return !Number.isNaN(this.#closedAtNs);
  }

  get #hasNewSession(): boolean {
    const { stopConditions } = this.#options;
    if (this.#unclaimed === 0 || this.#isClosed) return false;
    if (stopConditions.sessionCount !== null && this.#sessionsMade >= stopConditions.sessionCount) return false;
    const dueNs = this.#source.peekDueNs();
    return dueNs !== undefined && !isPastSendingEnd(stopConditions, dueNs);
  }

  #sessionsLeft(turnsEach: number): number {
    if (this.#isClosed) return 0;
    if (!this.#hasNewSession) return this.#returned.length;
    const { sessionCount } = this.#options.stopConditions;
    const bySessions = sessionCount === null ? Number.POSITIVE_INFINITY : sessionCount - this.#sessionsMade;
    return this.#returned.length + Math.min(bySessions, Math.ceil(this.#unclaimed / turnsEach));
  }

  #makeSession(): number {
    const source = this.#source;
    source.advance();
    const turnCount = Math.min(source.turnCount, this.#unclaimed);
    const grantedCount = source.takeLaterDueNs === undefined ? turnCount : 1;
    const row = this.#sessions.add(this.#sessionsMade, source.conversationIndex, turnCount, this.#nextId);
    this.#sessionsMade += 1;
    this.#turnsMade += turnCount;
    this.#unclaimed -= turnCount;
    this.#ungranted += turnCount - grantedCount;
    this.#sessions.nextTurnIndexes[row] = grantedCount;
    for (let turn = 0; turn < grantedCount; turn += 1) this.#makeCredit(row, turn, source.turnDueNs(turn));
    return row;
  }

  #makeCredit(row: number, turnIndex: number, dueNs: number): number {
    const credits = this.#credits;
    const id = this.#nextId;
    this.#nextId += 1;
    const slot = credits.add(id);
    credits.sessionRows[slot] = row;
    credits.turnIndexes[slot] = turnIndex;
    credits.workers[slot] = NO_WORKER;
    credits.dueNs[slot] = dueNs;
    const delayNs = turnIndex === 0 ? 0 : this.#source.delayNs(this.#sessions.conversationIndexes[row] ?? 0, turnIndex);
    if (delayNs > this.#longestDelayNs) this.#longestDelayNs = delayNs;
    credits.delaysNs[slot] = delayNs;
    credits.cancelAfterNs[slot] = this.#options.nextCancelAfterNs();
    return id;
  }

  #put(id: number, worker: WorkerLedger): void {
    const credits = this.#credits;
    const sessions = this.#sessions;
    const slot = credits.find(id);
    const row = credits.sessionRows[slot] ?? 0;
    credits.workers[slot] = worker.number;
    this.#columns[worker.number]?.add(
      id,
      sessions.sessionNumbers[row] ?? 0,
      sessions.conversationIndexes[row] ?? 0,
      credits.turnIndexes[slot] ?? 0,
      sessions.turnCounts[row] ?? 1,
      credits.dueNs[slot] ?? Number.NaN,
      credits.delaysNs[slot] ?? 0,
      credits.cancelAfterNs[slot] ?? Number.NaN,
    );
  }

  #bookEnded(slot: number, worker: WorkerLedger, outcome: number, nowNs: number): void {
    const row = this.#credits.sessionRows[slot] ?? 0;
    const turnIndex = this.#credits.turnIndexes[slot] ?? 0;
    this.#credits.removeAt(slot);
    const sessions = this.#sessions;
    worker.noteReturned(true);
    sessions.outstandingCounts[row] = (sessions.outstandingCounts[row] ?? 1) - 1;
    if (outcome === COMPLETED) this.#completed += 1;
    else if (outcome === CANCELLED) this.#cancelled += 1;
    else this.#failed += 1;
    if (outcome !== COMPLETED) sessions.flags[row] = (sessions.flags[row] ?? 0) | SESSION_FLAGS.broken;
    const nextTurn = turnIndex + 1;
    const isCut = ((sessions.flags[row] ?? 0) & SESSION_FLAGS.cut) !== 0;
    if (outcome === COMPLETED && !isCut && nextTurn < (sessions.turnCounts[row] ?? 1)) {
      if (nextTurn < (sessions.nextTurnIndexes[row] ?? 0)) return;
      if (!this.#isClosed) {
        // The report says that the turn has ended, not when; its arrival is up to 10 ms later than the end.
        sessions.readyNs[row] = nowNs + this.#source.delayNs(sessions.conversationIndexes[row] ?? 0, nextTurn);
        this.#later.push(row);
        return;
      }
    }
    this.#endSession(row, worker, nextTurn);
  }

  #bookUnsent(slot: number, worker: WorkerLedger): void {
    const credits = this.#credits;
    const sessions = this.#sessions;
    const row = credits.sessionRows[slot] ?? 0;
    const flags = sessions.flags[row] ?? 0;
    worker.noteReturned(false);
    sessions.outstandingCounts[row] = (sessions.outstandingCounts[row] ?? 1) - 1;
    if (credits.turnIndexes[slot] === 0 || (flags & SESSION_FLAGS.unstarted) !== 0) {
      credits.workers[slot] = NO_WORKER;
      sessions.flags[row] = flags | SESSION_FLAGS.unstarted;
      worker.hasStopped = true;
      if ((sessions.outstandingCounts[row] ?? 0) > 0) return;
      worker.noteSessionReturned();
      sessions.workers[row] = NO_WORKER;
      if (this.#isClosed) this.#discard(row);
      else this.#returned.push(row);
      return;
    }
    if ((flags & SESSION_FLAGS.broken) === 0) {
      worker.hasStopped = true;
      sessions.flags[row] = flags | SESSION_FLAGS.cut;
      if (this.#isClosed && this.#isOverdue(credits.dueNs[slot])) this.#neverSent += 1;
    }
    credits.removeAt(slot);
    this.#unclaimed += 1;
    if ((sessions.outstandingCounts[row] ?? 0) > 0) return;
    if ((flags & SESSION_FLAGS.ended) === 0) this.#endSession(row, worker);
    else sessions.release(row);
  }

  /** `turnsDone`: turns up to the last one that was sent; absent: some were not sent. */
  #endSession(row: number, worker: WorkerLedger | undefined, turnsDone = 0): void {
    const sessions = this.#sessions;
    const turnCount = sessions.turnCounts[row] ?? 1;
    const ungranted = turnCount - (sessions.nextTurnIndexes[row] ?? turnCount);
    this.#ungranted -= ungranted;
    this.#unclaimed += ungranted;
    sessions.flags[row] = (sessions.flags[row] ?? 0) | SESSION_FLAGS.ended;
    this.#sessionsEnded += 1;
    if (turnsDone < turnCount && turnCount > 1) this.#sessionsEndedEarly += 1;
    worker?.noteSessionEnded();
    this.#releaseIfSettled(row);
  }

  #releaseIfSettled(row: number): void {
    if ((this.#sessions.outstandingCounts[row] ?? 0) === 0) this.#sessions.release(row);
  }

  /** Gives up a session that never started. */
  #discard(row: number): void {
    const sessions = this.#sessions;
    const firstId = sessions.firstIds[row] ?? 0;
    const creditCount = sessions.nextTurnIndexes[row] ?? 1;
    for (let turn = 0; turn < creditCount; turn += 1) {
      const slot = this.#credits.find(firstId + turn);
      if (this.#isOverdue(this.#credits.dueNs[slot])) this.#neverSent += 1;
      this.#credits.removeAt(slot);
    }
    this.#ungranted -= (sessions.turnCounts[row] ?? 1) - creditCount;
    sessions.release(row);
  }

  #isOverdue(dueNs = Number.NaN): boolean {
    return dueNs < this.#closedAtNs - END_MARGIN_NS;
  }

  #loseCreditsOf(worker: WorkerLedger, nowNs: number): WorkerLoss {
    const { sessions, credits } = { sessions: this.#sessions, credits: this.#credits };
    let lostCount = 0;
    let sessionCount = 0;
    let row = -1;
    let earliestNs = Number.NaN;
    for (const id of credits.idsOf(worker.number)) {
      const slot = credits.find(id);
      const turnIndex = credits.turnIndexes[slot] ?? 0;
      // Ids of a session follow each other, so its turns come one after the other here. When the turn before the first of them ended is
      // not known, so its delay says nothing.
      if (credits.sessionRows[slot] === row) {
        earliestNs += credits.delaysNs[slot] ?? 0;
      } else {
        row = credits.sessionRows[slot] ?? 0;
        earliestNs = sessions.issuedNs[row] ?? 0;
      }
      const dueNs = credits.dueNs[slot] ?? Number.NaN;
      if (dueNs > earliestNs) earliestNs = dueNs;
      const isUnsent = earliestNs > nowNs;
      const flags = sessions.flags[row] ?? 0;
      sessions.outstandingCounts[row] = (sessions.outstandingCounts[row] ?? 1) - 1;
      if ((turnIndex === 0 && isUnsent) || (flags & SESSION_FLAGS.unstarted) !== 0) {
        credits.workers[slot] = NO_WORKER;
        sessions.flags[row] = flags | SESSION_FLAGS.unstarted;
        if ((sessions.outstandingCounts[row] ?? 0) > 0) continue;
        sessions.workers[row] = NO_WORKER;
        if (this.#isClosed) this.#discard(row);
        else this.#returned.push(row);
        continue;
      }
      credits.removeAt(slot);
      if (isUnsent || (flags & SESSION_FLAGS.broken) !== 0) this.#unclaimed += 1;
      else lostCount += 1;
      if ((flags & SESSION_FLAGS.ended) !== 0) {
        this.#releaseIfSettled(row);
      } else {
        sessionCount += 1;
        this.#endSession(row, undefined);
      }
    }
    this.#sortReturned();
    this.#lost += lostCount;
    return { lostCount, sessionCount };
  }

  #dropLater(rows: ReadonlySet<number>): void {
    const kept = this.#laterHeap();
    for (let row = this.#later.pop(); row !== undefined; row = this.#later.pop()) if (!rows.has(row)) kept.push(row);
    this.#later = kept;
  }

  #laterHeap(): DueHeap {
    return new DueHeap((a, b) => {
      const { readyNs, sessionNumbers } = this.#sessions;
      const readyA = readyNs[a] ?? 0;
      const readyB = readyNs[b] ?? 0;
      return readyA < readyB || (readyA === readyB && (sessionNumbers[a] ?? 0) < (sessionNumbers[b] ?? 0));
    });
  }

  #sortReturned(): void {
    const { firstIds } = this.#sessions;
    this.#returned.sort((a, b) => (firstIds[b] ?? 0) - (firstIds[a] ?? 0));
  }

  #worker(number: number): WorkerLedger | undefined {
    return this.#workers.find((worker) => worker.number === number);
  }

  #sum(count: (worker: WorkerLedger) => number): number {
    let sum = 0;
    for (const worker of this.#workers) sum += count(worker);
    return sum;
  }
}
