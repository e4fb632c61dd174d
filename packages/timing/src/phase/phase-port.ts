import type { CreditBatch, CreditRecall, PhaseStart } from '../credit.ts';
import type { PhaseCounts, SessionCounts } from '../messages.ts';

/** Messages to one worker, in the order of the calls. */
export interface WorkerPort {
  beginPhase(workerId: string, start: PhaseStart): void;
  grant(workerId: string, batch: CreditBatch): void;
  recall(workerId: string, recall: CreditRecall): void;
  stopSending(workerId: string, phaseIndex: number): void;
  cancel(workerId: string, phaseIndex: number): void;
}

/** What a phase tells while it runs. Times are run nanoseconds. */
export interface PhaseEvents {
  started(startNs: number): void;
  progressed(counts: PhaseCounts & SessionCounts): void;
  /** Every request of the phase has been sent. */
  sendingCompleted(sentCount: number, sentEndNs: number): void;
  /** Everything is accounted for. Called once, and nothing after it. */
  completed(counts: PhaseCounts & SessionCounts, endNs: number, endedEarly: boolean): void;
  warned(message: string): void;
}

/** A worker that takes part, with its own limit of requests in flight (infinite: none). */
export interface PhaseWorker {
  readonly id: string;
  readonly slotsMax: number;
}
