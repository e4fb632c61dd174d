/** The rate at which sessions end is measured over at least this long, the first time over less: the first leases depend on it. */
const RATE_WINDOW_NS = 20_000_000;
const FIRST_RATE_WINDOW_NS = 2_000_000;

/** Counts of what one worker was given in one phase, and of what is known of its use. */
export class WorkerLedger {
  readonly id: string;
  /** Its number in the tables of the phase. */
  readonly number: number;
  /** Sessions it may have in flight; `null`: no limit. */
  slots: number | null = null;
  /** It handed credits back of its own accord, so it would not send further ones either. */
  hasStopped: boolean = false;
  /** Sessions there whose next turn has no credit. */
  idleSessionCount: number = 0;
  /** What it was asked to hand back since the latest grant: 0 nothing, 1 sessions that have not begun, 2 later turns as well. */
  recallLevel: 0 | 1 | 2 = 0;
  #grantedCount = 0;
  #sentCount = 0;
  #returnedSentCount = 0;
  #returnedUnsentCount = 0;
  #grantedSessionCount = 0;
  #startedSessionCount = 0;
  #endedSessionCount = 0;
  /** Sessions that came back without having begun. */
  #returnedSessionCount = 0;
  #windowStartNs = Number.NaN;
  #windowCount = 0;
  /** Sessions ended per second, lately; 0 until something has ended. */
  endedPerSec: number = 0;

  constructor(id: string, number: number) {
    this.id = id;
    this.number = number;
  }

  /** It has stopped and everything it had is back. */
  get isRetired(): boolean {
    return this.hasStopped && this.outstandingCount === 0;
  }
  /** Credits granted and not returned. */
  get outstandingCount(): number {
    return this.#grantedCount - this.#returnedSentCount - this.#returnedUnsentCount;
  }
  /** Requests known to be in flight there. */
  get inFlightCount(): number {
    return this.#sentCount - this.#returnedSentCount;
  }
  /** Credits granted there and not known to be sent. */
  get unsentCount(): number {
    return this.#grantedCount - this.#sentCount - this.#returnedUnsentCount;
  }
  /** Sessions known to be in flight there. */
  get sessionsInFlight(): number {
    return this.#startedSessionCount - this.#endedSessionCount;
  }
  /** Sessions granted there and not known to have begun. */
  get waitingSessionCount(): number {
    return this.#grantedSessionCount - this.#startedSessionCount - this.#returnedSessionCount;
  }
  /** Sessions that are there, begun or not. */
  get sessionCount(): number {
    return this.#grantedSessionCount - this.#endedSessionCount - this.#returnedSessionCount;
  }
  /** Credits there beyond one for each session that has any: nobody but their own session can use them. */
  get aheadCount(): number {
    return this.outstandingCount - (this.sessionCount - this.idleSessionCount);
  }

  noteSessionGranted(): void {
    this.#grantedSessionCount += 1;
  }

  noteGranted(): void {
    this.#grantedCount += 1;
  }

  noteSent(sentCount: number, startedSessionCount: number): void {
    this.#sentCount = Math.max(this.#sentCount, sentCount);
    this.#startedSessionCount = Math.max(this.#startedSessionCount, startedSessionCount);
  }

  noteReturned(wasSent: boolean): void {
    if (wasSent) this.#returnedSentCount += 1;
    else this.#returnedUnsentCount += 1;
  }

  noteSessionReturned(): void {
    this.#returnedSessionCount += 1;
  }

  noteSessionEnded(): void {
    this.#endedSessionCount += 1;
    this.#windowCount += 1;
  }

  /** After the ends of one report were booked. */
  measureRate(nowNs: number): void {
    if (Number.isNaN(this.#windowStartNs)) this.#windowStartNs = nowNs;
    const elapsedNs = nowNs - this.#windowStartNs;
    if (elapsedNs < (this.endedPerSec === 0 ? FIRST_RATE_WINDOW_NS : RATE_WINDOW_NS)) return;
    const windowPerSec = (this.#windowCount * 1e9) / elapsedNs;
    this.endedPerSec = this.endedPerSec === 0 ? windowPerSec : (this.endedPerSec + windowPerSec) / 2;
    this.#windowStartNs = nowNs;
    this.#windowCount = 0;
  }

  /** Nothing is out there any more. */
  forgetOutstanding(): void {
    this.#grantedCount = this.#returnedSentCount + this.#returnedUnsentCount;
    this.#sentCount = this.#returnedSentCount;
    this.#grantedSessionCount = this.#endedSessionCount + this.#returnedSessionCount;
    this.#startedSessionCount = this.#endedSessionCount;
  }
}
