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
  /** When to send, in run nanoseconds; NaN: as soon as a slot is free. */
  readonly dueNs: number;
  /** When the timing manager issued it, in run nanoseconds. */
  readonly issuedNs: number;
}

/** Columns of one message from the timing manager to one worker; all arrays have the same length. */
export interface CreditBatch {
  readonly phaseIndex: number;
  readonly issuedNs: number;
  readonly ids: Float64Array;
  readonly sessionNumbers: Float64Array;
  readonly conversationIndexes: Uint32Array;
  readonly turnIndexes: Uint32Array;
  /** Run nanoseconds; every entry NaN in a closed loop. */
  readonly dueNs: Float64Array;
}

/** How a credit came back. */
export const CREDIT_OUTCOMES = ['completed', 'failed', 'cancelled', 'unsent'] as const;
export type CreditOutcome = (typeof CREDIT_OUTCOMES)[number];

/** Columns of one message from a worker to the timing manager. */
export interface CreditReturnBatch {
  readonly phaseIndex: number;
  readonly ids: Float64Array;
  /** Index into {@link CREDIT_OUTCOMES}. */
  readonly outcomes: Uint8Array;
  /** Credits of this phase that the worker still holds and has not sent; the timing manager tops leases up from it. */
  readonly unsentCount: number;
}

/** A stretch of load with its own stop condition. Records of a warm-up do not count in results. */
export type PhaseKind = 'warmup' | 'profiling';

/** What a worker is told when a phase begins. */
export interface PhaseStart {
  readonly phaseIndex: number;
  readonly kind: PhaseKind;
  /** Requests that this worker may have in flight; `null`: no limit. The workers' limits add up to the concurrency. */
  readonly slots: number | null;
  /** No request of the phase starts after this (run nanoseconds); `null`: no time limit. */
  readonly stopSendingAtNs: number | null;
}
