import type { CreditOutcome } from './credit.ts';

/** A credit as the timing manager remembers it while it is out. */
export interface IssuedCredit {
  readonly id: number;
  readonly sessionNumber: number;
  readonly conversationIndex: number;
  readonly turnIndex: number;
  readonly turnCount: number;
  /** Run nanoseconds; NaN: as soon as a slot is free. */
  readonly dueNs: number;
  readonly delayNs: number;
  readonly cancelAfterNs: number;
}

/** The completion rate is measured over at least this long, the first time over less: the first leases depend on it. */
const RATE_WINDOW_NS = 20_000_000;
const FIRST_RATE_WINDOW_NS = 2_000_000;

/** What one worker was given in one phase, and what is known of its use. */
export class WorkerLedger {
  readonly id: string;
  /** Requests it may have in flight; `null`: no limit. */
  slots: number | null = null;
  /** It handed credits back of its own accord, so it would not send further ones either. */
  hasStopped: boolean = false;
  /** Every credit that was granted and not returned. */
  readonly outstanding: Map<number, IssuedCredit> = new Map();
  #grantedCount = 0;
  #sentCount = 0;
  #returnedSentCount = 0;
  #returnedUnsentCount = 0;
  #windowStartNs = Number.NaN;
  #windowCount = 0;
  /** Requests ended per second, lately; 0 until something has ended. */
  endedPerSec: number = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** It has stopped and everything it had is back. */
  get isRetired(): boolean {
    return this.hasStopped && this.outstanding.size === 0;
  }
  get outstandingCount(): number {
    return this.outstanding.size;
  }
  /** Requests known to be in flight there. */
  get inFlightCount(): number {
    return this.#sentCount - this.#returnedSentCount;
  }
  /** Credits granted there and not known to be sent. */
  get unsentCount(): number {
    return this.#grantedCount - this.#sentCount - this.#returnedUnsentCount;
  }

  grant(credit: IssuedCredit): void {
    this.outstanding.set(credit.id, credit);
    this.#grantedCount += 1;
  }

  noteSent(sentCount: number): void {
    this.#sentCount = Math.max(this.#sentCount, sentCount);
  }

  /** The credit that came back; `undefined` when it is not out with this worker. */
  takeBack(creditId: number, outcome: CreditOutcome): IssuedCredit | undefined {
    const credit = this.outstanding.get(creditId);
    if (credit === undefined) return undefined;
    this.outstanding.delete(creditId);
    if (outcome === 'unsent') this.#returnedUnsentCount += 1;
    else this.#returnedSentCount += 1;
    return credit;
  }

  noteEnded(endedCount: number, nowNs: number): void {
    if (Number.isNaN(this.#windowStartNs)) this.#windowStartNs = nowNs;
    this.#windowCount += endedCount;
    const elapsedNs = nowNs - this.#windowStartNs;
    if (elapsedNs < (this.endedPerSec === 0 ? FIRST_RATE_WINDOW_NS : RATE_WINDOW_NS)) return;
    const windowPerSec = (this.#windowCount * 1e9) / elapsedNs;
    this.endedPerSec = this.endedPerSec === 0 ? windowPerSec : (this.endedPerSec + windowPerSec) / 2;
    this.#windowStartNs = nowNs;
    this.#windowCount = 0;
  }

  /** Gives up every credit that is out. */
  forgetOutstanding(): number {
    const count = this.outstanding.size;
    this.outstanding.clear();
    this.#grantedCount = this.#returnedSentCount + this.#returnedUnsentCount;
    this.#sentCount = this.#returnedSentCount;
    return count;
  }
}
