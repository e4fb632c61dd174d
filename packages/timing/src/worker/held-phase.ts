import { CREDIT_OUTCOMES } from '../credit.ts';
import type { Credit, CreditBatch, CreditOutcome, CreditReturnBatch, PhaseStart } from '../credit.ts';
import { TimingError } from '../timing-error.ts';
import type { CancelTimer } from '../timers.ts';
import { NumberRing } from './number-ring.ts';
import { WaitingCredits } from './waiting-credits.ts';

/** Completions are counted over this long to see how soon the lease will be used up. */
const COMPLETION_WINDOW_NS = 20_000_000;

/** What a worker knows of one phase: credits that wait, requests in flight, free slots, returns to be reported. No time of its own. */
export class HeldPhase {
  readonly phaseIndex: number;
  #slots: number;
  stopSendingAtNs: number;
  /** Takes back the timer of `stopSendingAtNs`. */
  cancelStopTimer: CancelTimer = () => {};
  #isClosed = false;
  readonly #waiting: WaitingCredits;
  readonly #inFlight = new Set<number>();
  /** When each free slot that was in use before became free; the slot that is free longest is used first. */
  readonly #freedNs = new NumberRing();
  #returnIds: number[] = [];
  #returnOutcomes: number[] = [];
  #sentCount = 0;
  #reportedSentCount = 0;
  #lastSentNs = Number.NaN;
  /** Waiting credits after the latest grant of a closed loop; NaN while nothing is to be said about them. */
  #lease = Number.NaN;
  /** The timing manager was told that the latest lease runs low. */
  #isLowTold = false;
  #windowStartNs = 0;
  #windowCount = 0;
  #previousWindowCount = 0;

  constructor(start: PhaseStart) {
    this.phaseIndex = start.phaseIndex;
    this.#slots = start.slots ?? Number.POSITIVE_INFINITY;
    this.stopSendingAtNs = start.stopSendingAtNs ?? Number.POSITIVE_INFINITY;
    this.#waiting = new WaitingCredits(start.phaseIndex);
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }
  get waitingCount(): number {
    return this.#waiting.size;
  }
  get freeSlots(): number {
    return Math.max(0, this.#slots - this.#inFlight.size);
  }
  /** Earliest due time of a credit that could be sent then, NaN without one. A credit that waits for a slot needs no wake-up. */
  get nextWakeNs(): number {
    return this.freeSlots > 0 ? this.#waiting.nextDueNs : Number.NaN;
  }
  get pendingReturns(): number {
    return this.#returnIds.length;
  }
  get hasUnreportedSends(): boolean {
    return this.#sentCount !== this.#reportedSentCount;
  }
  /** Nothing waits, flies or is left to be reported. */
  get isSettled(): boolean {
    return this.waitingCount === 0 && this.inFlight === 0 && this.pendingReturns === 0 && !this.hasUnreportedSends;
  }

  setLimits(start: PhaseStart): void {
    this.#slots = start.slots ?? Number.POSITIVE_INFINITY;
    this.stopSendingAtNs = start.stopSendingAtNs ?? Number.POSITIVE_INFINITY;
  }

  add(batch: CreditBatch): void {
    this.#waiting.add(batch);
    if (this.#isClosed) this.#handBack();
    else if (this.#waiting.undatedCount > 0) {
      this.#lease = this.#waiting.undatedCount;
      this.#isLowTold = false;
    }
  }

  /** The next credit that may be sent now, already counted as in flight, and the turnaround of its slot. */
  take(nowNs: number): { readonly credit: Credit; readonly turnaroundNs: number } | undefined {
    if (this.freeSlots === 0) return undefined;
    const credit = this.#waiting.takeReady(nowNs);
    if (credit === undefined) return undefined;
    const freedNs = this.#freedNs.shift();
    this.#inFlight.add(credit.id);
    this.#sentCount += 1;
    this.#lastSentNs = nowNs;
    // With a due time the slot was kept free on purpose; what the client adds there is the send lag.
    return { credit, turnaroundNs: Number.isNaN(credit.dueNs) ? nowNs - freedNs : Number.NaN };
  }

  has(creditId: number): boolean {
    return this.#inFlight.has(creditId);
  }

  /** Frees the slot of a request that has ended. */
  end(creditId: number, outcome: CreditOutcome, nowNs: number): void {
    if (!this.#inFlight.delete(creditId)) {
      throw new TimingError(
        'AIPERF_TIMING_PROTOCOL',
        `credit ${creditId} of phase ${this.phaseIndex} is not in flight here`,
      );
    }
    if (this.#slots !== Number.POSITIVE_INFINITY) this.#freedNs.push(nowNs);
    this.#addReturn(creditId, outcome);
    if (nowNs - this.#windowStartNs >= COMPLETION_WINDOW_NS) {
      this.#previousWindowCount = nowNs - this.#windowStartNs < 2 * COMPLETION_WINDOW_NS ? this.#windowCount : 0;
      this.#windowStartNs = nowNs;
      this.#windowCount = 0;
    }
    this.#windowCount += 1;
  }

  /** Nothing is sent from here on; what is granted later comes straight back. */
  close(): void {
    this.#isClosed = true;
    this.cancelStopTimer();
    this.#handBack();
  }

  /**
   * True when the lease has shrunk so far that a new one must be on its way to arrive in time, and once more when nothing is left of it;
   * each once after a grant.
   */
  noticeLowLease(): boolean {
    if (Number.isNaN(this.#lease)) return false;
    const left = this.#waiting.undatedCount;
    const recentCount = Math.max(this.#windowCount, this.#previousWindowCount);
    if (left === 0) this.#lease = Number.NaN;
    else if (this.#isLowTold || left >= Math.max(2 * recentCount, this.#lease / 4)) return false;
    this.#isLowTold = true;
    return true;
  }

  takeReturns(): CreditReturnBatch {
    const batch: CreditReturnBatch = {
      phaseIndex: this.phaseIndex,
      ids: Float64Array.from(this.#returnIds),
      outcomes: Uint8Array.from(this.#returnOutcomes),
      sentCount: this.#sentCount,
      lastSentNs: this.#lastSentNs,
    };
    this.#returnIds = [];
    this.#returnOutcomes = [];
    this.#reportedSentCount = this.#sentCount;
    return batch;
  }

  /** Returns every waiting credit unsent. */
  #handBack(): void {
    for (let credit = this.#waiting.takeAny(); credit !== undefined; credit = this.#waiting.takeAny()) {
      this.#addReturn(credit.id, 'unsent');
    }
    this.#lease = Number.NaN;
  }

  #addReturn(creditId: number, outcome: CreditOutcome): void {
    this.#returnIds.push(creditId);
    this.#returnOutcomes.push(CREDIT_OUTCOMES.indexOf(outcome));
  }
}
