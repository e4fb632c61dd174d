import type { CreditBatch, CreditReturnBatch } from './credit.ts';
import { CreditColumns, usedRows } from './credit-columns.ts';
import { CreditReturns } from './credit-returns.ts';
import type { WorkerLoss } from './credit-returns.ts';
import { isPastSendingEnd } from './phase/stop-conditions.ts';
import type { StopConditions } from './phase/stop-conditions.ts';
import { PhaseLedger } from './phase-ledger.ts';
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
  readonly ledger: PhaseLedger;
  readonly #options: CreditIssuerOptions;
  readonly #source: SessionSource;
  readonly #columns: readonly CreditColumns[];
  readonly #returns: CreditReturns;
  #lastSentNs = Number.NaN;

  constructor(options: CreditIssuerOptions) {
    this.#options = options;
    this.#source = options.source;
    this.#columns = options.workerIds.map(() => new CreditColumns());
    this.ledger = new PhaseLedger(options.workerIds, options.stopConditions.requestCount);
    this.#returns = new CreditReturns(this.ledger, (conversation, turn) => options.source.delayNs(conversation, turn));
  }

  /** Whether later turns take due times of their own, when the turn before has come back. */
  get hasLaterDueTimes(): boolean {
    return this.#source.takeLaterDueNs !== undefined && this.#source.hasLaterTurns;
  }

  /** Whether anything is still to be granted, now or when other turns have ended. */
  get hasMore(): boolean {
    const { isClosed, returnedCount, requestsLeft, turnsLeft } = this.ledger;
    if (isClosed) return false;
    return returnedCount > 0 || (requestsLeft > 0 && turnsLeft > 0) || this.#hasNewSession;
  }

  /** Whether a further session may begin, if there are requests for it. */
  get mayBeginSessions(): boolean {
    return this.#sessionsToBegin > 0;
  }

  /** Sessions that can be granted now at most; infinite when only time ends the phase. */
  get sessionsLeftMax(): number {
    return this.ledger.returnedCount + this.#newSessionsLeft(this.ledger.requestsLeft);
  }

  /** The same if those that are there come to their last turn, and conversations go on as long as they did so far. */
  get sessionsLeftLikely(): number {
    const { returnedCount, requestsLeft, turnsLeft, sessionsMade, turnsMade } = this.ledger;
    const turnsEach = sessionsMade === 0 ? 1 : turnsMade / sessionsMade;
    return returnedCount + this.#newSessionsLeft(Math.max(0, requestsLeft - turnsLeft) / turnsEach);
  }

  /** When the latest request was sent, in run nanoseconds; NaN before the first. */
  get lastSentNs(): number {
    return this.#lastSentNs;
  }

  /** Due time of the session that {@link grantSession} grants next; `undefined`: there is none. */
  peekDueNs(): number | undefined {
    const { isClosed, returnedCount, returnedDueNs } = this.ledger;
    if (isClosed) return undefined;
    if (returnedCount > 0) return returnedDueNs;
    return this.#hasNewSession ? this.#source.peekDueNs() : undefined;
  }

  /**
   * Requests that a session may count on that is granted to this worker and not recalled; below 0: none may be. One that waits for a slot
   * must not use up what the sessions need that hold the slots, or neither would go on.
   */
  safeRequestsLeft(worker: WorkerLedger): number {
    const { requestsLeft, turnsLeft, workers } = this.ledger;
    if (turnsLeft === 0 || worker.slots === null) return requestsLeft;
    const hasSlot = worker.sessionCount < worker.slots && !workers.some(isOverfull);
    return hasSlot ? requestsLeft : requestsLeft - turnsLeft;
  }

  /**
   * Puts the next session into what {@link flush} sends to the worker; false: there is none. A new one has no more turns than
   * `requestLimit`, and `turnsAhead` of them are granted with the first; absent: all of them, but none where they take due times of their
   * own.
   */
  grantSession(worker: WorkerLedger, nowNs: number, turnsAhead?: number, requestLimit?: number): boolean {
    const { ledger } = this;
    if (ledger.isClosed) return false;
    const returned = ledger.popReturned();
    if (returned === undefined && !this.#hasNewSession) return false;
    const row = returned ?? this.#makeSession(turnsAhead, requestLimit);
    const { sessions, credits } = ledger;
    const firstId = sessions.firstIds[row] ?? 0;
    const creditCount = sessions.nextTurnIndexes[row] ?? 1;
    ledger.grantSession(row, worker, nowNs);
    for (let turn = 0; turn < creditCount; turn += 1) this.#put(credits.find(firstId + turn), worker);
    return true;
  }

  /** Grants the session that is ready first its next turn and up to `turnsAhead` further ones. There must be a request left for it. */
  grantIdleSession(nowNs: number, turnsAhead = 0): void {
    const { ledger } = this;
    const row = ledger.popIdle();
    if (row === undefined) return;
    const { sessions } = ledger;
    const worker = ledger.workerOf(row);
    const readyNs = sessions.readyNs[row] ?? nowNs;
    const dueNs = this.#source.takeLaterDueNs?.(readyNs, this.#hasNewSession) ?? Number.NaN;
    if (worker === undefined || isPastSendingEnd(this.#options.stopConditions, dueNs)) {
      ledger.endSession(row);
      return;
    }
    sessions.issuedNs[row] = nowNs;
    this.#put(this.#makeCredit(row, dueNs), worker);
    this.grantAhead(row, turnsAhead);
  }

  /** Rows of sessions that are using the last credit they have. */
  takeLow(): readonly number[] {
    return this.#returns.takeLow();
  }

  /** Grants a session that has a credit up to `turnsAhead` further ones. */
  grantAhead(row: number, turnsAhead: number): void {
    const worker = this.ledger.workerOf(row);
    if (worker === undefined || worker.hasStopped || this.ledger.isClosed) return;
    for (let count = 0; count < turnsAhead && this.#goesAhead(row, turnsAhead); count += 1) {
      this.#put(this.#makeCredit(row, Number.NaN), worker);
    }
  }

  /** Sends what was granted. */
  flush(nowNs: number): void {
    const { phaseIndex } = this.#options;
    for (const worker of this.ledger.workers) {
      const columns = this.#columns[worker.number];
      if (columns === undefined || columns.size === 0) continue;
      worker.recallLevel = 0;
      this.#options.grant(worker.id, { phaseIndex, issuedNs: nowNs, ...usedRows(columns) });
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

  /** Books what a worker reports; the result is how many of its credits were not out there and count for nothing. */
  takeBack(workerId: string, batch: CreditReturnBatch, nowNs: number): number {
    const worker = this.ledger.workerNamed(workerId);
    if (worker === undefined) return batch.ids.length;
    if (!(batch.lastSentNs <= this.#lastSentNs) && !Number.isNaN(batch.lastSentNs)) this.#lastSentNs = batch.lastSentNs;
    return this.#returns.takeBack(worker, batch, nowNs);
  }

  /** A worker is gone: what it may have sent counts as lost, its sessions end. */
  loseWorker(workerId: string, nowNs: number): WorkerLoss {
    const worker = this.ledger.workerNamed(workerId);
    return worker === undefined ? { lostCount: 0, sessionCount: 0 } : this.#returns.loseWorker(worker, nowNs);
  }

  /** Counts everything that is still out as lost. */
  loseOutstanding(nowNs: number): number {
    return this.#returns.loseOutstanding(nowNs);
  }

  /** Nothing is granted from here on. What was due before `atNs` and is not sent has missed its time. */
  close(atNs: number): void {
    if (this.ledger.isClosed) return;
    const hasNewSession = this.#hasNewSession;
    this.ledger.close(atNs, (limitNs) =>
      hasNewSession ? this.#source.countDueBefore(limitNs, this.ledger.requestsLeft, this.#sessionsToBegin) : 0,
    );
  }

  /** Sessions that may still begin, if there are requests for them. */
  get #sessionsToBegin(): number {
    return (this.#options.stopConditions.sessionCount ?? Number.POSITIVE_INFINITY) - this.ledger.sessionsMade;
  }

  get #hasNewSession(): boolean {
    if (this.ledger.requestsLeft === 0 || this.ledger.isClosed || !this.mayBeginSessions) return false;
    const dueNs = this.#source.peekDueNs();
    return dueNs !== undefined && !isPastSendingEnd(this.#options.stopConditions, dueNs);
  }

  #newSessionsLeft(limit: number): number {
    return this.#hasNewSession ? Math.min(this.#sessionsToBegin, Math.ceil(limit)) : 0;
  }

  #makeSession(turnsAhead?: number, requestLimit = Number.POSITIVE_INFINITY): number {
    const source = this.#source;
    source.advance();
    // A session that could not be finished even if it had all requests that are left is that much shorter from the beginning.
    const turnCount = Math.min(source.turnCount, this.ledger.requestsLeft, requestLimit);
    const row = this.ledger.addSession(source.conversationIndex, turnCount);
    this.#makeCredit(row, source.turnDueNs(0));
    const aheadCount = turnsAhead ?? (source.takeLaterDueNs === undefined ? Number.POSITIVE_INFINITY : 0);
    for (let turn = 1; turn <= aheadCount && this.#goesAhead(row, aheadCount); turn += 1) {
      this.#makeCredit(row, source.turnDueNs(turn));
    }
    return row;
  }

  /** Whether the session has another turn that may be granted before the turn ahead of it has ended. */
  #goesAhead(row: number, turnsAhead: number): boolean {
    const { sessions, requestsLeft } = this.ledger;
    const turnIndex = sessions.nextTurnIndexes[row] ?? 0;
    if (requestsLeft === 0 || turnIndex >= (sessions.turnCounts[row] ?? 1)) return false;
    if (turnsAhead === Number.POSITIVE_INFINITY) return true;
    return this.#source.delayNs(sessions.conversationIndexes[row] ?? 0, turnIndex) <= TURN_LEAD_NS;
  }

  /** The credit of the session's next turn. */
  #makeCredit(row: number, dueNs: number): number {
    const { sessions } = this.ledger;
    const turnIndex = sessions.nextTurnIndexes[row] ?? 0;
    const delayNs = turnIndex === 0 ? 0 : this.#source.delayNs(sessions.conversationIndexes[row] ?? 0, turnIndex);
    return this.ledger.addCredit(row, dueNs, delayNs, this.#options.nextCancelAfterNs());
  }

  #put(credit: number, worker: WorkerLedger): void {
    const { credits, sessions } = this.ledger;
    const row = credits.sessionRows[credit] ?? 0;
    this.ledger.grantCredit(credit, worker);
    const columns = this.#columns[worker.number];
    if (columns === undefined) return;
    const to = columns.takeRow();
    columns.ids[to] = credits.ids[credit] ?? Number.NaN;
    columns.sessionNumbers[to] = sessions.sessionNumbers[row] ?? 0;
    columns.dueNs[to] = credits.dueNs[credit] ?? Number.NaN;
    columns.delaysNs[to] = credits.delaysNs[credit] ?? 0;
    columns.cancelAfterNs[to] = credits.cancelAfterNs[credit] ?? Number.NaN;
    columns.conversationIndexes[to] = sessions.conversationIndexes[row] ?? 0;
    columns.turnIndexes[to] = credits.turnIndexes[credit] ?? 0;
    columns.turnCounts[to] = sessions.turnCounts[row] ?? 1;
  }
}

const isOverfull = ({ sessionCount, slots }: WorkerLedger): boolean => slots !== null && sessionCount > slots;
