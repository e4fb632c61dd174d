import type { CreditBatch, CreditReturnBatch } from './credit.ts';
import { CreditColumns, usedRows } from './credit-columns.ts';
import { CreditReturns } from './credit-returns.ts';
import type { WorkerLoss } from './credit-returns.ts';
import { NO_WORKER } from './credit-table.ts';
import type { PhaseCounts, SessionCounts } from './messages.ts';
import { isPastSendingEnd } from './phase/stop-conditions.ts';
import type { StopConditions } from './phase/stop-conditions.ts';
import { PhaseBooks } from './phase-books.ts';
import type { SessionSource } from './sessions/session-source.ts';
import type { WorkerLedger } from './worker-ledger.ts';

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
  /** What the worker holds and cannot use yet is to come back: sessions beyond its free slots, and later turns if they are wanted. */
  recall(workerId: string, laterTurns: boolean): void;
}

/**
 * A turn that waits longer than this for the think time before it is granted this long before its time: until then its request is free for
 * others. No longer, since a process on a busy host can be held up for tens of milliseconds.
 */
export const TURN_LEAD_NS = 50_000_000;

/**
 * Makes the sessions and credits of one phase and grants them. A credit is out with one worker or with none. A session that never started
 * is granted again to another worker, with the ids, conversation and times it had, before a new one is made; the turns that a session did
 * not come to are free again for others. A request of the count is used up by the grant of its credit, not by the session that may want it.
 */
export class CreditIssuer {
  readonly #options: CreditIssuerOptions;
  readonly #source: SessionSource;
  readonly #columns: readonly CreditColumns[];
  readonly #books: PhaseBooks;
  readonly #returns: CreditReturns;
  #nextId = 0;
  #nextSessionNumber = 0;
  #sessionsMade = 0;
  #turnsMade = 0;
  #lastSentNs = Number.NaN;

  constructor(options: CreditIssuerOptions) {
    this.#options = options;
    this.#source = options.source;
    this.#columns = options.workerIds.map(() => new CreditColumns());
    this.#books = new PhaseBooks(options.workerIds, options.stopConditions.requestCount);
    this.#returns = new CreditReturns(this.#books, (conversation, turn) => options.source.delayNs(conversation, turn));
  }

  /** Workers that are left, in the order of the plan. */
  get workers(): readonly WorkerLedger[] {
    return this.#books.workers;
  }

  /** Those that may be granted more. */
  get openWorkers(): readonly WorkerLedger[] {
    return this.#books.workers.filter(({ hasStopped }) => !hasStopped);
  }

  /** Whether later turns take due times of their own, when the turn before has come back. */
  get hasLaterDueTimes(): boolean {
    return this.#source.takeLaterDueNs !== undefined && this.#source.hasLaterTurns;
  }

  /** Nothing is granted any more, whatever comes back. */
  get isClosed(): boolean {
    return this.#books.isClosed;
  }

  /** Whether anything is still to be granted, now or when other turns have ended. */
  get hasMore(): boolean {
    const { isClosed, returned, requestsLeft, turnsLeft } = this.#books;
    if (isClosed) return false;
    return returned.length > 0 || (requestsLeft > 0 && turnsLeft > 0) || this.#hasNewSession;
  }

  /** Requests that may still be granted, in sessions that are there or new ones; infinite without a request count. */
  get requestsLeft(): number {
    return this.#books.requestsLeft;
  }

  /** Sessions are there that have turns for which no request is left. */
  get hasTruncatedSessions(): boolean {
    return this.#books.requestsLeft === 0 && this.#books.turnsLeft > 0;
  }

  /** Whether a further session may begin, if there are requests for it. */
  get mayBeginSessions(): boolean {
    const { sessionCount } = this.#options.stopConditions;
    return sessionCount === null || this.#sessionsMade < sessionCount;
  }

  /** Sessions that can be granted now at most; infinite when only time ends the phase. */
  get sessionsLeftMax(): number {
    return this.#books.returned.length + this.#newSessionsLeft(this.#books.requestsLeft);
  }

  /** The same if those that are there come to their last turn, and conversations go on as long as they did so far. */
  get sessionsLeftLikely(): number {
    const { returned, requestsLeft, turnsLeft } = this.#books;
    const turnsEach = this.#sessionsMade === 0 ? 1 : this.#turnsMade / this.#sessionsMade;
    return returned.length + this.#newSessionsLeft(Math.max(0, requestsLeft - turnsLeft) / turnsEach);
  }

  /** Credits granted and not known to be sent, over all workers. */
  get unsentCount(): number {
    return this.#books.sum((worker) => worker.unsentCount);
  }

  get outstandingCount(): number {
    return this.#books.sum((worker) => worker.outstandingCount);
  }

  /** When the latest request was sent, in run nanoseconds; NaN before the first. */
  get lastSentNs(): number {
    return this.#lastSentNs;
  }

  /** Longest delay before a turn that was granted or waits: so long nothing may happen and all is well. */
  get longestDelayNs(): number {
    return this.#books.longestDelayNs;
  }

  get counts(): PhaseCounts & SessionCounts {
    return this.#books.counts;
  }

  /** Whether a worker holds a credit that is due after this. */
  hasDueAfter(timeNs: number): boolean {
    return this.#books.credits.hasDueAfter(timeNs);
  }

  /** Due time of the session that {@link grantSession} grants next; `undefined`: there is none. */
  peekDueNs(): number | undefined {
    const { isClosed, returned, credits, sessions } = this.#books;
    if (isClosed) return undefined;
    const row = returned.at(-1);
    if (row === undefined) return this.#hasNewSession ? this.#source.peekDueNs() : undefined;
    return credits.dueNs[credits.find(sessions.firstIds[row] ?? -1)];
  }

  /** When the first of the sessions that wait for the grant of their next turn is ready for it; `undefined`: none waits. */
  peekReadyNs(): number | undefined {
    return this.#books.idleReadyNs;
  }

  /**
   * Requests that a session may count on that is granted to this worker and not recalled; below 0: none may be. One that waits for a slot
   * must not use up what the sessions need that hold the slots, or neither would go on.
   */
  safeRequestsLeft(worker: WorkerLedger): number {
    const { requestsLeft, turnsLeft } = this.#books;
    if (turnsLeft === 0 || worker.slots === null) return requestsLeft;
    const hasSlot = worker.sessionCount < worker.slots && !this.#books.workers.some(isOverfull);
    return hasSlot ? requestsLeft : requestsLeft - turnsLeft;
  }

  /**
   * Puts the next session into what {@link flush} sends to the worker; false: there is none. A new one has no more turns than
   * `requestLimit`, and `turnsAhead` of them are granted with the first; absent: all of them, but none where they take due times of their
   * own.
   */
  grantSession(worker: WorkerLedger, nowNs: number, turnsAhead?: number, requestLimit?: number): boolean {
    const books = this.#books;
    if (books.isClosed) return false;
    const returned = books.returned.pop();
    if (returned === undefined && !this.#hasNewSession) return false;
    const row = returned ?? this.#makeSession(turnsAhead, requestLimit);
    const { sessions } = books;
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

  /** Grants the session that is ready first its next turn and up to `turnsAhead` further ones. There must be a request left for it. */
  grantIdleSession(nowNs: number, turnsAhead = 0): void {
    const books = this.#books;
    const row = books.popIdle();
    if (row === undefined) return;
    const { sessions } = books;
    const worker = books.worker(sessions.workers[row] ?? NO_WORKER);
    const readyNs = sessions.readyNs[row] ?? nowNs;
    const dueNs = this.#source.takeLaterDueNs?.(readyNs, this.#hasNewSession) ?? Number.NaN;
    if (worker === undefined || isPastSendingEnd(this.#options.stopConditions, dueNs)) {
      books.endSession(row, worker);
      return;
    }
    sessions.issuedNs[row] = nowNs;
    this.#put(this.#makeCredit(row, dueNs), worker);
    worker.noteGranted(0, 1);
    sessions.outstandingCounts[row] = 1;
    this.#grantAhead(row, worker, turnsAhead);
  }

  /** Rows of sessions that are using the last credit they have. */
  takeLow(): readonly number[] {
    return this.#returns.takeLow();
  }

  /** Grants a session that has a credit up to `turnsAhead` further ones. */
  grantAhead(row: number, turnsAhead: number): void {
    const worker = this.#books.worker(this.#books.sessions.workers[row] ?? NO_WORKER);
    if (worker !== undefined && !worker.hasStopped) this.#grantAhead(row, worker, turnsAhead);
  }

  /** Sends what was granted. */
  flush(nowNs: number): void {
    for (const worker of this.#books.workers) {
      const columns = this.#columns[worker.number];
      if (columns === undefined || columns.size === 0) continue;
      worker.recallLevel = 0;
      this.#options.grant(worker.id, {
        phaseIndex: this.#options.phaseIndex,
        issuedNs: nowNs,
        ...usedRows(columns),
      });
      columns.clear();
    }
  }

  /** Asks a worker for what it cannot use yet, once after each grant. */
  recall(worker: WorkerLedger, laterTurns: boolean): void {
    const level = laterTurns ? 2 : 1;
    if (worker.recallLevel >= level) return;
    worker.recallLevel = level;
    this.#options.recall(worker.id, laterTurns);
  }

  /** Whether the next session to be granted is one that came back. */
  get hasReturned(): boolean {
    return this.#books.returned.length > 0;
  }

  /** Makes the requests of the last session that came back unstarted free for others; false: there is none. */
  dissolveReturned(): boolean {
    const books = this.#books;
    const row = books.returned.shift();
    if (row === undefined) return false;
    this.#sessionsMade -= 1;
    this.#turnsMade -= books.sessions.turnCounts[row] ?? 1;
    books.requestsLeft += books.discardReturned(row);
    return true;
  }

  /** Books what a worker reports; the result is how many of its credits were not out there and count for nothing. */
  takeBack(workerId: string, batch: CreditReturnBatch, nowNs: number): number {
    const worker = this.#books.workerNamed(workerId);
    if (worker === undefined) return batch.ids.length;
    if (!(batch.lastSentNs <= this.#lastSentNs) && !Number.isNaN(batch.lastSentNs)) this.#lastSentNs = batch.lastSentNs;
    return this.#returns.takeBack(worker, batch, nowNs);
  }

  /** A worker is gone: what it may have sent counts as lost, its sessions end. */
  loseWorker(workerId: string, nowNs: number): WorkerLoss {
    const worker = this.#books.workerNamed(workerId);
    return worker === undefined ? { lostCount: 0, sessionCount: 0 } : this.#returns.loseWorker(worker, nowNs);
  }

  /** Counts everything that is still out as lost. */
  loseOutstanding(nowNs: number): number {
    return this.#returns.loseOutstanding(nowNs);
  }

  /** Nothing is granted from here on. What was due before `atNs` and is not sent has missed its time. */
  close(atNs: number): void {
    const books = this.#books;
    if (books.isClosed) return;
    const hasNewSession = this.#hasNewSession;
    books.closedAtNs = atNs;
    if (hasNewSession) {
      const { sessionCount } = this.#options.stopConditions;
      const sessionLimit = (sessionCount ?? Number.POSITIVE_INFINITY) - this.#sessionsMade;
      books.neverSent += this.#source.countDueBefore(books.overdueLimitNs, books.requestsLeft, sessionLimit);
    }
    for (const row of books.returned) books.discardReturned(row);
    books.returned = [];
    books.endIdle();
  }

  get #hasNewSession(): boolean {
    if (this.#books.requestsLeft === 0 || this.#books.isClosed || !this.mayBeginSessions) return false;
    const dueNs = this.#source.peekDueNs();
    return dueNs !== undefined && !isPastSendingEnd(this.#options.stopConditions, dueNs);
  }

  #newSessionsLeft(limit: number): number {
    if (!this.#hasNewSession) return 0;
    const { sessionCount } = this.#options.stopConditions;
    return Math.min(
      sessionCount === null ? Number.POSITIVE_INFINITY : sessionCount - this.#sessionsMade,
      Math.ceil(limit),
    );
  }

  #makeSession(turnsAhead?: number, requestLimit = Number.POSITIVE_INFINITY): number {
    const source = this.#source;
    const books = this.#books;
    source.advance();
    // A session that could not be finished even if it had all requests that are left is that much shorter from the beginning.
    const turnCount = Math.min(source.turnCount, books.requestsLeft, requestLimit);
    const row = books.sessions.add(this.#nextSessionNumber, source.conversationIndex, turnCount, this.#nextId);
    this.#nextSessionNumber += 1;
    this.#sessionsMade += 1;
    this.#turnsMade += turnCount;
    books.turnsLeft += turnCount;
    this.#makeCredit(row, source.turnDueNs(0));
    const aheadCount = turnsAhead ?? (source.takeLaterDueNs === undefined ? Number.POSITIVE_INFINITY : 0);
    for (let turn = 1; turn <= aheadCount && this.#goesAhead(row, aheadCount); turn += 1) {
      this.#makeCredit(row, source.turnDueNs(turn));
    }
    return row;
  }

  #grantAhead(row: number, worker: WorkerLedger, turnsAhead: number): void {
    const { sessions } = this.#books;
    for (let count = 0; count < turnsAhead && this.#goesAhead(row, turnsAhead); count += 1) {
      this.#put(this.#makeCredit(row, Number.NaN), worker);
      sessions.outstandingCounts[row] = (sessions.outstandingCounts[row] ?? 0) + 1;
      worker.noteGranted(0, 1);
    }
  }

  /** Whether the session has another turn that may be granted before the turn ahead of it has ended. */
  #goesAhead(row: number, turnsAhead: number): boolean {
    const { sessions, requestsLeft } = this.#books;
    const turnIndex = sessions.nextTurnIndexes[row] ?? 0;
    if (requestsLeft === 0 || turnIndex >= (sessions.turnCounts[row] ?? 1)) return false;
    if (turnsAhead === Number.POSITIVE_INFINITY) return true;
    return this.#source.delayNs(sessions.conversationIndexes[row] ?? 0, turnIndex) <= TURN_LEAD_NS;
  }

  /** The credit of the session's next turn. */
  #makeCredit(row: number, dueNs: number): number {
    const books = this.#books;
    const { credits, sessions } = books;
    const id = this.#nextId;
    const turnIndex = sessions.nextTurnIndexes[row] ?? 0;
    this.#nextId += 1;
    sessions.nextTurnIndexes[row] = turnIndex + 1;
    books.requestsLeft -= 1;
    books.turnsLeft -= 1;
    const slot = credits.add(id);
    credits.sessionRows[slot] = row;
    credits.turnIndexes[slot] = turnIndex;
    credits.dueNs[slot] = dueNs;
    const delayNs = turnIndex === 0 ? 0 : this.#source.delayNs(sessions.conversationIndexes[row] ?? 0, turnIndex);
    if (delayNs > books.longestDelayNs) books.longestDelayNs = delayNs;
    credits.delaysNs[slot] = delayNs;
    credits.cancelAfterNs[slot] = this.#options.nextCancelAfterNs();
    return id;
  }

  #put(id: number, worker: WorkerLedger): void {
    const { credits, sessions } = this.#books;
    const slot = credits.find(id);
    const row = credits.sessionRows[slot] ?? 0;
    credits.workers[slot] = worker.number;
    const columns = this.#columns[worker.number];
    if (columns === undefined) return;
    const to = columns.takeRow();
    columns.ids[to] = id;
    columns.sessionNumbers[to] = sessions.sessionNumbers[row] ?? 0;
    columns.dueNs[to] = credits.dueNs[slot] ?? Number.NaN;
    columns.delaysNs[to] = credits.delaysNs[slot] ?? 0;
    columns.cancelAfterNs[to] = credits.cancelAfterNs[slot] ?? Number.NaN;
    columns.conversationIndexes[to] = sessions.conversationIndexes[row] ?? 0;
    columns.turnIndexes[to] = credits.turnIndexes[slot] ?? 0;
    columns.turnCounts[to] = sessions.turnCounts[row] ?? 1;
  }
}

const isOverfull = ({ sessionCount, slots }: WorkerLedger): boolean => slots !== null && sessionCount > slots;
