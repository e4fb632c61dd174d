import { CREDIT_OUTCOMES } from '../credit.ts';
import type { Credit, CreditBatch, CreditOutcome, CreditReturnBatch, PhaseStart } from '../credit.ts';
import { ReturnColumns } from '../credit-columns.ts';
import { TimingError } from '../timing-error.ts';
import type { CancelTimer } from '../timers.ts';
import { HeldSession } from './held-session.ts';
import { Lease } from './lease.ts';
import { NumberRing } from './number-ring.ts';
import { WaitingCredits } from './waiting-credits.ts';

/**
 * What a worker knows of one phase: credits that wait, requests and sessions in flight, free slots, returns to be reported. No time of its
 * own. A session holds its slot from its first turn to the end of its last one.
 */
export class HeldPhase {
  readonly phaseIndex: number;
  #slots = Number.POSITIVE_INFINITY;
  #prefillSlots = Number.POSITIVE_INFINITY;
  stopSendingAtNs: number = Number.POSITIVE_INFINITY;
  /** Takes back the timer of `stopSendingAtNs`. */
  cancelStopTimer: CancelTimer = () => {};
  /** The phase before this one, while it is not settled: what it has in flight uses this phase's slots. */
  older: HeldPhase | undefined;
  /** `closed`: nothing is sent any more, what is granted comes straight back. */
  #state: 'open' | 'closed' = 'open';
  readonly #waiting: WaitingCredits;
  readonly #inFlight = new Set<number>();
  #sessionsInFlight = 0;
  #startedSessionCount = 0;
  /** Sessions of several turns, by session number; and by the credit that is in flight. */
  readonly #sessions = new Map<number, HeldSession>();
  readonly #sessionsByCredit = new Map<number, HeldSession>();
  /** Requests without a first token; kept only while there is a limit. */
  readonly #prefilling = new Set<number>();
  /** When the latest prefill slot became free of a worker that had none. */
  #prefillFreedNs = Number.NEGATIVE_INFINITY;
  /** When each free slot that was in use before became free; the slot that is free longest is used first. */
  readonly #freedNs = new NumberRing();
  readonly #returns = new ReturnColumns();
  #sentCount = 0;
  #reportedSentCount = 0;
  #lastSentNs = Number.NaN;
  readonly #lease = new Lease();
  /** A session has come to its last credit, or past it, and has further turns. */
  #isTurnWanted = false;

  constructor(start: PhaseStart) {
    this.phaseIndex = start.phaseIndex;
    this.setLimits(start);
    this.#waiting = new WaitingCredits(start.phaseIndex);
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }
  get sessionsInFlight(): number {
    return this.#sessionsInFlight;
  }
  /** Slots in use, also those that older phases use. */
  get usedSlots(): number {
    return this.#sessionsInFlight + (this.older?.usedSlots ?? 0);
  }
  /** Requests that may be without a first token, also of older phases; without a limit it is not known which, so all are counted. */
  get usedPrefillSlots(): number {
    const own = this.#prefillSlots === Number.POSITIVE_INFINITY ? this.#inFlight : this.#prefilling;
    return own.size + (this.older?.usedPrefillSlots ?? 0);
  }
  get waitingCount(): number {
    return this.#waiting.size;
  }
  get freeSlots(): number {
    return Math.max(0, this.#slots - this.usedSlots);
  }
  /** Requests that could be sent at once at most. */
  get sendLimit(): number {
    return this.freeSlots + this.#waiting.laterCount;
  }
  /** Earliest time at which a credit could be sent that cannot be sent yet, NaN without one. Waiting for a slot needs no wake-up. */
  get nextWakeNs(): number {
    if (!this.#hasPrefillSlot) return Number.NaN;
    const dueNs = this.freeSlots > 0 ? this.#waiting.nextDueNs : Number.NaN;
    const readyNs = this.#waiting.nextReadyNs;
    return readyNs < dueNs || Number.isNaN(dueNs) ? readyNs : dueNs;
  }
  /** First turns wait for nothing but a slot. */
  get hasUndated(): boolean {
    return this.#waiting.undatedCount > 0;
  }
  get pendingReturns(): number {
    return this.#returns.size;
  }
  get hasUnreportedSends(): boolean {
    return this.#sentCount !== this.#reportedSentCount;
  }
  /** A slot has nothing to send, or soon will have: what has ended must be known before it gets more. */
  get isShort(): boolean {
    if (!this.#lease.isClosedLoop || this.#state === 'closed' || this.pendingReturns === 0) return false;
    return this.#isTurnWanted || (this.#waiting.undatedCount === 0 && this.freeSlots > 0);
  }
  /** Nothing waits, flies or is left to be reported. */
  get isSettled(): boolean {
    return (
      this.waitingCount === 0 && this.#sessionsInFlight === 0 && this.pendingReturns === 0 && !this.hasUnreportedSends
    );
  }

  setLimits(start: PhaseStart): void {
    this.#slots = start.slots ?? Number.POSITIVE_INFINITY;
    this.#prefillSlots = start.prefillSlots ?? Number.POSITIVE_INFINITY;
    this.stopSendingAtNs = start.stopSendingAtNs ?? Number.POSITIVE_INFINITY;
  }

  add(batch: CreditBatch): void {
    for (let i = 0; i < batch.ids.length; i += 1) {
      const row = this.#waiting.add(batch, i);
      if ((batch.turnCounts[i] ?? 1) > 1) this.#addToSession(batch, i, row);
    }
    if (this.#state === 'closed') this.#handBack();
    else if (this.#waiting.undatedCount > 0) this.#lease.renew(this.#waiting.undatedCount);
  }

  /** The next credit that may be sent now, already counted as in flight, and the turnaround of its slot. */
  take(nowNs: number): { readonly credit: Credit; readonly turnaroundNs: number } | undefined {
    if (!this.#hasPrefillSlot) return undefined;
    let row = this.#waiting.laterCount > 0 ? this.#waiting.takeLater(nowNs) : -1;
    let openNs: number;
    if (row === -1) {
      if (this.freeSlots === 0) return undefined;
      row = this.#waiting.takeFirst(nowNs);
      if (row === -1) return undefined;
      openNs = this.#beginSession();
    } else {
      openNs = this.#waiting.readyNsOf(row);
    }
    const credit = this.#waiting.toCredit(row);
    this.#beginRequest(credit, nowNs);
    // Waiting for a prefill slot is what was asked for. With a due time the slot was kept free on purpose; what the client adds there is
    // the send lag.
    if (this.#prefillFreedNs > openNs) openNs = this.#prefillFreedNs;
    return { credit, turnaroundNs: Number.isNaN(credit.dueNs) ? nowNs - openNs : Number.NaN };
  }

  /** The one or two first turns whose due times come next of all, if they could be sent now but for that; they go on waiting. */
  peekDue(): Credit[] {
    if (this.#state === 'closed' || this.nextWakeNs !== this.#waiting.nextDueNs) return [];
    const { stopSendingAtNs, freeSlots } = this;
    return this.#waiting.peekDated().filter(({ dueNs }, index) => dueNs < stopSendingAtNs && index < freeSlots);
  }

  /** The first turn without a due time that is sent after so many others; it goes on waiting. */
  peekUndated(index: number): Credit | undefined {
    return this.#state === 'closed' ? undefined : this.#waiting.peekUndated(index);
  }

  /** Whether a credit seen by {@link peekDue} is the first of those with a due time, and may be sent once that has come. */
  maySendDue(creditId: number): boolean {
    return this.#waiting.nextDatedId === creditId && this.#hasPrefillSlot && this.freeSlots > 0;
  }

  /** Books a credit as sent for which {@link maySendDue} held. */
  takeDue(credit: Credit, nowNs: number): void {
    this.#waiting.discard(this.#waiting.takeFirst(nowNs));
    this.#beginSession();
    this.#beginRequest(credit, nowNs);
  }

  has(creditId: number): boolean {
    return this.#inFlight.has(creditId);
  }

  /** True: a request may be sent that could not before. */
  firstToken(creditId: number, nowNs: number): boolean {
    const hadSlot = this.#hasPrefillSlot;
    if (!this.#prefilling.delete(creditId)) return false;
    if (!hadSlot) this.#prefillFreedNs = nowNs;
    return true;
  }

  /** Books the end of a request. Its slot is free if no turn of its session follows. */
  end(creditId: number, outcome: CreditOutcome, nowNs: number): void {
    if (!this.#inFlight.delete(creditId)) {
      throw new TimingError(
        'AIPERF_TIMING_PROTOCOL',
        `credit ${creditId} of phase ${this.phaseIndex} is not in flight here`,
      );
    }
    if (this.#prefilling.size > 0) this.firstToken(creditId, nowNs);
    this.#addReturn(creditId, outcome);
    if (this.#sessionsByCredit.size > 0 && this.#goesOn(creditId, outcome, nowNs)) return;
    this.#sessionsInFlight -= 1;
    if (this.#slots !== Number.POSITIVE_INFINITY) this.#freedNs.push(nowNs);
    this.#lease.noteEnd(nowNs);
  }

  /** Nothing is sent from here on; what is granted later comes straight back. */
  close(): void {
    this.#state = 'closed';
    this.cancelStopTimer();
    this.#handBack();
  }

  /**
   * Hands back first turns for which no slot is free, with the other turns of their sessions; and, if they are wanted, all turns whose
   * predecessor has not ended. Their sessions go on with what is granted later.
   */
  recall(laterTurns: boolean): void {
    for (const row of this.#waiting.takeUndatedBeyond(this.freeSlots)) {
      const session = this.#sessions.get(this.#waiting.sessionNumberOf(row));
      this.#addReturn(this.#waiting.discard(row), 'recalled');
      if (session === undefined) continue;
      this.#handBackTurns(session, 'recalled');
      this.#sessions.delete(session.sessionNumber);
    }
    if (laterTurns) for (const session of this.#sessions.values()) this.#handBackTurns(session, 'recalled');
  }

  /**
   * True when the lease has shrunk so far that a new one must be on its way to arrive in time, and once more when nothing is left of it;
   * each once after a grant.
   */
  noticeLowLease(): boolean {
    return this.#lease.isToBeTold(this.#waiting.undatedCount);
  }

  takeReturns(): CreditReturnBatch {
    const batch: CreditReturnBatch = {
      phaseIndex: this.phaseIndex,
      sentCount: this.#sentCount,
      startedSessionCount: this.#startedSessionCount,
      lastSentNs: this.#lastSentNs,
      ids: this.#returns.ids.slice(0, this.pendingReturns),
      outcomes: this.#returns.outcomes.slice(0, this.pendingReturns),
    };
    this.#returns.clear();
    this.#reportedSentCount = this.#sentCount;
    this.#isTurnWanted = false;
    return batch;
  }

  get #hasPrefillSlot(): boolean {
    return this.#prefillSlots === Number.POSITIVE_INFINITY || this.usedPrefillSlots < this.#prefillSlots;
  }

  #addToSession(batch: CreditBatch, index: number, row: number): void {
    const sessionNumber = batch.sessionNumbers[index] ?? Number.NaN;
    const turnIndex = batch.turnIndexes[index] ?? 0;
    if (turnIndex === 0) {
      const turnCount = batch.turnCounts[index] ?? 1;
      this.#sessions.set(sessionNumber, new HeldSession(sessionNumber, turnCount));
      return;
    }
    const session = this.#sessions.get(sessionNumber);
    // A session that has ended here, because it failed or sending has stopped, takes no further turns.
    if (session === undefined) this.#addReturn(this.#waiting.discard(row), 'unsent');
    else if (turnIndex === session.nextTurn && session.state === 'between') this.#waiting.release(row, session.endedNs);
    else session.rows[turnIndex] = row;
  }

  /** Takes a slot; the result is when it became free, NaN for one that was not in use before. */
  #beginSession(): number {
    this.#sessionsInFlight += 1;
    this.#startedSessionCount += 1;
    return this.#freedNs.shift();
  }

  #beginRequest(credit: Credit, nowNs: number): void {
    if (credit.turnCount > 1) this.#beginTurn(credit);
    this.#inFlight.add(credit.id);
    if (this.#prefillSlots !== Number.POSITIVE_INFINITY) this.#prefilling.add(credit.id);
    this.#sentCount += 1;
    this.#lastSentNs = nowNs;
  }

  #beginTurn(credit: Credit): void {
    const session = this.#sessions.get(credit.sessionNumber);
    if (session === undefined) return;
    session.turnSent(credit.turnIndex);
    this.#sessionsByCredit.set(credit.id, session);
  }

  /** Whether the session of a request that has ended goes on; if so, its next turn waits for its time. */
  #goesOn(creditId: number, outcome: CreditOutcome, nowNs: number): boolean {
    const session = this.#sessionsByCredit.get(creditId);
    if (session === undefined) return false;
    this.#sessionsByCredit.delete(creditId);
    if (outcome === 'completed' && session.nextTurn < session.turnCount && this.#state === 'open') {
      const row = session.turnEnded(nowNs);
      const isLast = session.nextTurn + 1 >= session.turnCount;
      if (row === undefined || (!isLast && session.rows[session.nextTurn + 1] === undefined)) this.#isTurnWanted = true;
      if (row !== undefined) this.#waiting.release(row, nowNs);
      return true;
    }
    this.#sessions.delete(session.sessionNumber);
    const returnCount = this.pendingReturns;
    this.#handBackTurns(session);
    // Others may be without a request while these are on their way back.
    if (this.pendingReturns > returnCount) this.#isTurnWanted = true;
    return false;
  }

  /** Returns every waiting credit unsent, first turns before later ones. */
  #handBack(): void {
    for (let row = this.#waiting.takeFirst(Infinity); row !== -1; row = this.#waiting.takeFirst(Infinity)) {
      this.#addReturn(this.#waiting.discard(row), 'unsent');
    }
    for (let row = this.#waiting.takeLater(Infinity); row !== -1; row = this.#waiting.takeLater(Infinity)) {
      this.#addReturn(this.#waiting.discard(row), 'unsent');
    }
    for (const session of this.#sessions.values()) {
      this.#handBackTurns(session);
      // It ends here; one with a turn in flight ends with that.
      if (session.state === 'between') this.#sessionsInFlight -= 1;
    }
    this.#sessions.clear();
    this.#lease.giveUp();
  }

  #handBackTurns(session: HeldSession, outcome: CreditOutcome = 'unsent'): void {
    for (const row of session.rows) if (row !== undefined) this.#addReturn(this.#waiting.discard(row), outcome);
    session.rows.length = 0;
  }

  #addReturn(creditId: number, outcome: CreditOutcome): void {
    const row = this.#returns.takeRow();
    this.#returns.ids[row] = creditId;
    this.#returns.outcomes[row] = CREDIT_OUTCOMES.indexOf(outcome);
  }
}
