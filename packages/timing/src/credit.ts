import type { PhaseKind } from '@aiperf/records';
import type { ColumnsOf } from './column-table.ts';
import type { CreditColumns, ReturnColumns } from './credit-columns.ts';

/**
 * A credit is the right to send one request. The timing manager issues it, one worker uses it, and it is returned exactly once.
 *
 * Credits travel in batches of columns, never one message a credit. In an open loop (request rate) every credit has a due time and
 * leaves early; in a closed loop (concurrency) a batch is a lease that the worker's slots use up, and `dueNs` is NaN.
 */
export interface Credit {
  /** 0-based number within the phase, unique across all workers. */
  readonly id: number;
  readonly phaseIndex: number;
  /** 0-based number of the session within the phase; equals `id` for single-turn conversations. */
  readonly sessionNumber: number;
  readonly conversationIndex: number;
  readonly turnIndex: number;
  /**
   * Turns of this session that will be sent in this phase, unless its request count or its end comes first. The session holds its slot from
   * its first turn to the end of its last.
   */
  readonly turnCount: number;
  /** When to send, in run nanoseconds; NaN: as soon as a slot is free. A later turn also waits for its predecessor's end and `delayNs`. */
  readonly dueNs: number;
  /** Least time between the end of the session's previous turn and this request; 0 for a first turn. */
  readonly delayNs: number;
  /** The request is cancelled this long after it was completely written; NaN: never. */
  readonly cancelAfterNs: number;
  /** When the timing manager issued it, in run nanoseconds. */
  readonly issuedNs: number;
}

/** One message from the timing manager to one worker; all columns have the same length. */
export interface CreditBatch extends ColumnsOf<CreditColumns> {
  readonly phaseIndex: number;
  readonly issuedNs: number;
}

/** How a credit came back. `recalled`: unsent, because the timing manager asked for it; the worker would have sent it. */
export const CREDIT_OUTCOMES = ['completed', 'failed', 'cancelled', 'unsent', 'recalled'] as const;
export type CreditOutcome = (typeof CREDIT_OUTCOMES)[number];

/** One message from a worker to the timing manager. */
export interface CreditReturnBatch extends ColumnsOf<ReturnColumns> {
  readonly phaseIndex: number;
  /**
   * Credits of this phase that this worker has sent so far, in all. What it was granted less this and less what came back unsent is what
   * still waits there, whatever is on the way; leases are topped up from it.
   */
  readonly sentCount: number;
  /** Sessions of this phase that have begun here so far, in all. */
  readonly startedSessionCount: number;
  /** When the latest credit was sent, in run nanoseconds; NaN before the first. */
  readonly lastSentNs: number;
}

/** A stretch of load with its own stop condition. Records of a warm-up do not count in results. */
export type { PhaseKind } from '@aiperf/records';

/** Kinds of message on the `credits` socket: the first of two frames, in ASCII. */
export const CREDIT_MESSAGE_KINDS = {
  /** Worker to timing manager: can take credits; JSON {@link WorkerReady}. */
  ready: 'wr',
  /** Worker to timing manager: leaves, after everything was returned; no payload. */
  leaving: 'ws',
  /** Worker to timing manager: {@link CreditReturnBatch}. */
  creditReturn: 'cr',
  /** Timing manager to worker: JSON {@link PhaseStart}; sent again when the limits of a running phase change. */
  phaseStart: 'ps',
  /** Timing manager to worker: {@link CreditBatch}. */
  creditGrant: 'cg',
  /** Timing manager to worker: cancel what is in flight, hand back what is unsent; JSON {@link PhaseReference}. */
  cancelCredits: 'cc',
  /** Timing manager to worker: hand back what is unsent, let requests in flight end; JSON {@link PhaseReference}. */
  phaseEnd: 'pe',
  /** Timing manager to worker: hand back what cannot be used yet, and go on; JSON {@link CreditRecall}. */
  recallCredits: 'rc',
} as const;

/** Payload of a worker's `wr`. */
export interface WorkerReady {
  /** Requests that the worker can have in flight at most; absent: no limit of its own. */
  readonly slotsMax?: number;
}

/** Payload of `cc` and `pe`. */
export interface PhaseReference {
  readonly phaseIndex: number;
}

/** Payload of `rc`: sessions that have not begun are handed back as far as no slot is free for them. */
export interface CreditRecall extends PhaseReference {
  /** Later turns are handed back too, as far as the turn before them has not ended. */
  readonly laterTurns: boolean;
}

/** What a worker is told when a phase begins, and again when its limits change. */
export interface PhaseStart {
  readonly phaseIndex: number;
  readonly kind: PhaseKind;
  /** Sessions that this worker may have in flight; `null`: no limit. The workers' limits add up to the concurrency. */
  readonly slots: number | null;
  /** Requests of this worker that may wait for their first token; `null`: no limit. They add up to the prefill concurrency. */
  readonly prefillSlots: number | null;
  /** No request of the phase starts after this (run nanoseconds); `null`: no time limit. */
  readonly stopSendingAtNs: number | null;
}
