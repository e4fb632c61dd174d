import type { LoadMode } from '@aiperf/config';
import type { PhaseKind } from './credit.ts';

/** Counts of one phase. `sent = completed + failed + cancelled + lost + inFlight` at every moment. */
export interface PhaseCounts {
  readonly sent: number;
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Sent by a worker that died before it returned the credit. */
  readonly lost: number;
  readonly inFlight: number;
}

/** Sessions of one phase, and requests that were asked for in vain. */
export interface SessionCounts {
  /** Sessions that have begun. */
  readonly sessions: number;
  readonly sessionsInFlight: number;
  /** Sessions that a failed or cancelled turn, the end of the phase or the loss of their worker ended before their last turn. */
  readonly sessionsEndedEarly: number;
  /**
   * Requests that were due before the phase stopped sending and were not sent, because no slot became free or a turn before them had not
   * ended. 0 until sending has stopped.
   */
  readonly neverSent: number;
}

interface PhaseMessage {
  readonly phase: PhaseKind;
  readonly phase_index: number;
  /** Unique within the run. */
  readonly phase_name: string;
}

/** What the timing manager publishes, and what it listens to. Times are run nanoseconds. */
export interface TimingMessages {
  credit_phase_start: PhaseMessage & {
    readonly mode: LoadMode;
    readonly start_ns: number;
    readonly total_expected_requests: number | null;
    readonly total_expected_sessions: number | null;
    readonly expected_duration_sec: number | null;
  };
  /** Every 250 ms while a phase is live. */
  credit_phase_progress: PhaseMessage & PhaseCounts & SessionCounts;
  credit_phase_sending_complete: PhaseMessage & { readonly sent: number; readonly sent_end_ns: number };
  /**
   * Final counts. `completed + failed + cancelled` records of this phase exist. `was_cancelled`: the phase ended before its stop condition,
   * because the run was cancelled or no worker was left.
   */
  credit_phase_complete: PhaseMessage &
    PhaseCounts &
    SessionCounts & { readonly mode: LoadMode; readonly end_ns: number; readonly was_cancelled: boolean };
  /** After the last phase. */
  credits_complete: { readonly was_cancelled: boolean };
  /** Listened to: this worker's process is gone. Whoever supervises the workers publishes it. */
  worker_lost: { readonly worker_id: string };
}
