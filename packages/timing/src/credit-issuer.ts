import { CREDIT_OUTCOMES } from './credit.ts';
import type { CreditBatch, CreditReturnBatch } from './credit.ts';
import type { PhaseCounts } from './messages.ts';
import { isPastSendingEnd, remainingRequestCount } from './phase/stop-conditions.ts';
import type { StopConditions } from './phase/stop-conditions.ts';
import { WorkerLedger } from './worker-ledger.ts';
import type { IssuedCredit } from './worker-ledger.ts';

/** What the credits of one phase are made from. */
export interface CreditIssuerOptions {
  readonly phaseIndex: number;
  readonly workerIds: readonly string[];
  readonly stopConditions: StopConditions;
  /** Conversation of each new session, in credit order. */
  readonly nextConversationIndex: () => number;
  /** Due time of each new credit in run nanoseconds, in credit order; NaN in a closed loop. */
  readonly nextDueNs: () => number;
  grant(workerId: string, batch: CreditBatch): void;
}

/**
 * The books of one phase: makes credits, grants them, takes them back. A credit is out with one worker or with none; one that comes back
 * unsent is granted again to another worker, with the conversation and due time it had, before a new one is made.
 */
export class CreditIssuer {
  readonly #options: CreditIssuerOptions;
  readonly #workers: Map<string, WorkerLedger>;
  /** Came back unsent; the last entry has the lowest id and is granted first. */
  #returned: IssuedCredit[] = [];
  #issuedCount = 0;
  /** Due time of the credit that is made next; `undefined`: not drawn yet. */
  #upcomingDueNs: number | undefined;
  #isClosed = false;
  #completed = 0;
  #failed = 0;
  #cancelled = 0;
  #lost = 0;
  #lastSentNs = Number.NaN;

  constructor(options: CreditIssuerOptions) {
    this.#options = options;
    this.#workers = new Map(options.workerIds.map((id) => [id, new WorkerLedger(id)]));
  }

  /** Workers that are left, in the order of the plan. */
  get workers(): readonly WorkerLedger[] {
    return [...this.#workers.values()];
  }

  /** Those that may be granted more. */
  get openWorkers(): readonly WorkerLedger[] {
    return this.workers.filter(({ hasStopped }) => !hasStopped);
  }

  /** Credits that can still be granted; infinite when only time ends the phase. */
  get availableCount(): number {
    if (this.#isClosed) return 0;
    return this.#returned.length + this.#newCount();
  }

  /** Credits granted and not known to be sent, over all workers. */
  get unsentCount(): number {
    return this.#sum((worker) => worker.unsentCount);
  }

  get outstandingCount(): number {
    return this.#sum((worker) => worker.outstandingCount);
  }

  /** When the latest request was sent, in run nanoseconds; NaN before the first. */
  get lastSentNs(): number {
    return this.#lastSentNs;
  }

  get counts(): PhaseCounts {
    const inFlight = this.#sum((worker) => worker.inFlightCount);
    return {
      sent: this.#completed + this.#failed + this.#cancelled + this.#lost + inFlight,
      completed: this.#completed,
      failed: this.#failed,
      cancelled: this.#cancelled,
      lost: this.#lost,
      inFlight,
    };
  }

  /** Due time of the credit that {@link take} gives next; `undefined`: there is none. */
  peekDueNs(): number | undefined {
    if (this.availableCount === 0) return undefined;
    return this.#returned.at(-1)?.dueNs ?? this.#upcoming();
  }

  /** The next credit to be granted. */
  take(): IssuedCredit | undefined {
    if (this.availableCount === 0) return undefined;
    const returned = this.#returned.pop();
    if (returned !== undefined) return returned;
    const id = this.#issuedCount;
    const dueNs = this.#upcoming();
    this.#issuedCount += 1;
    this.#upcomingDueNs = undefined;
    return {
      id,
      sessionNumber: id,
      conversationIndex: this.#options.nextConversationIndex(),
      turnIndex: 0,
      turnCount: 1,
      dueNs,
      delayNs: 0,
      cancelAfterNs: Number.NaN,
    };
  }

  /** Hands credits that were taken to one worker. */
  grant(worker: WorkerLedger, credits: readonly IssuedCredit[], issuedNs: number): void {
    if (credits.length === 0) return;
    for (const credit of credits) worker.grant(credit);
    this.#options.grant(worker.id, {
      phaseIndex: this.#options.phaseIndex,
      issuedNs,
      ids: Float64Array.from(credits, ({ id }) => id),
      sessionNumbers: Float64Array.from(credits, ({ sessionNumber }) => sessionNumber),
      conversationIndexes: Uint32Array.from(credits, ({ conversationIndex }) => conversationIndex),
      turnIndexes: Uint32Array.from(credits, ({ turnIndex }) => turnIndex),
      turnCounts: Uint32Array.from(credits, ({ turnCount }) => turnCount),
      dueNs: Float64Array.from(credits, ({ dueNs }) => dueNs),
      delaysNs: Float64Array.from(credits, ({ delayNs }) => delayNs),
      cancelAfterNs: Float64Array.from(credits, ({ cancelAfterNs }) => cancelAfterNs),
    });
  }

  /** Books what a worker reports; the result is how many of its credits were not out there and count for nothing. */
  takeBack(workerId: string, batch: CreditReturnBatch, nowNs: number): number {
    const worker = this.#workers.get(workerId);
    if (worker === undefined) return batch.ids.length;
    worker.noteSent(batch.sentCount);
    if (!(batch.lastSentNs <= this.#lastSentNs) && !Number.isNaN(batch.lastSentNs)) this.#lastSentNs = batch.lastSentNs;
    let strangerCount = 0;
    let endedCount = 0;
    let hasUnsent = false;
    for (let i = 0; i < batch.ids.length; i += 1) {
      const outcome = CREDIT_OUTCOMES[batch.outcomes[i] ?? -1];
      const credit = outcome === undefined ? undefined : worker.takeBack(batch.ids[i] ?? -1, outcome);
      if (outcome === undefined || credit === undefined) {
        strangerCount += 1;
        continue;
      }
      switch (outcome) {
        case 'completed':
          this.#completed += 1;
          break;
        case 'failed':
          this.#failed += 1;
          break;
        case 'cancelled':
          this.#cancelled += 1;
          break;
        case 'unsent':
          this.#returned.push(credit);
          hasUnsent = true;
          continue;
      }
      endedCount += 1;
    }
    if (hasUnsent) {
      this.#returned.sort((a, b) => b.id - a.id);
      worker.hasStopped = true;
    }
    worker.noteEnded(endedCount, nowNs);
    return strangerCount;
  }

  /** A worker is gone. Which of its credits it had sent cannot be known, so all that were out count as lost. */
  loseWorker(workerId: string): number {
    const worker = this.#workers.get(workerId);
    if (worker === undefined) return 0;
    this.#workers.delete(workerId);
    const lostCount = worker.forgetOutstanding();
    this.#lost += lostCount;
    return lostCount;
  }

  /** Counts everything that is still out as lost. */
  loseOutstanding(): number {
    let lostCount = 0;
    for (const worker of this.#workers.values()) lostCount += worker.forgetOutstanding();
    this.#lost += lostCount;
    return lostCount;
  }

  /** Nothing is granted from here on. */
  close(): void {
    this.#isClosed = true;
    this.#returned = [];
  }

  #newCount(): number {
    const count = remainingRequestCount(this.#options.stopConditions, this.#issuedCount);
    return count > 0 && isPastSendingEnd(this.#options.stopConditions, this.#upcoming()) ? 0 : count;
  }

  #upcoming(): number {
    this.#upcomingDueNs ??= this.#options.nextDueNs();
    return this.#upcomingDueNs;
  }

  #sum(count: (worker: WorkerLedger) => number): number {
    let sum = 0;
    for (const worker of this.#workers.values()) sum += count(worker);
    return sum;
  }
}
