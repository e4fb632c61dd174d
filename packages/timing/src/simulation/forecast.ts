import type { PhaseCounts } from '../messages.ts';

/** One request of a simulated run, told when it is sent. Times count from the beginning of its phase. */
export interface SimulatedRequest {
  readonly phaseIndex: number;
  /** Number of the credit within the phase. */
  readonly requestNumber: number;
  readonly sessionNumber: number;
  readonly conversationIndex: number;
  readonly turnIndex: number;
  /** Turns of this session that are sent in this phase. */
  readonly turnCount: number;
  /** NaN: as soon as there is a slot. */
  readonly dueNs: number;
  readonly sentNs: number;
  /** Time after the end of the turn before; 0 for a first turn. */
  readonly delayNs: number;
  /** Cancelled this long after it was written; NaN: never. */
  readonly cancelAfterNs: number;
}

/** What a phase comes to. */
export interface PhaseForecast {
  readonly phaseIndex: number;
  /** Since the beginning of the run. */
  readonly startNs: number;
  readonly counts: PhaseCounts;
  readonly sessionCount: number;
  /** Due and not sent when the phase ended. */
  readonly neverSentCount: number;
  /** From the beginning of the phase to its last request, and to the last answer. */
  readonly sendingNs: number;
  readonly durationNs: number;
  readonly requestsInFlightMax: number;
  readonly sessionsInFlightMax: number;
  readonly warnings: readonly string[];
}

/** What a run comes to. */
export interface RunForecast {
  readonly phases: readonly PhaseForecast[];
  /** From the beginning of the first phase to the last answer. */
  readonly durationNs: number;
  /** Over all phases: those that overlap count together. */
  readonly requestsInFlightMax: number;
  /** The simulation was ended here, because the run would have sent more requests than it was to simulate. */
  readonly isCutShort: boolean;
}

/** A number of things at once, and the most there ever were. */
export class Gauge {
  value = 0;
  most = 0;

  add(change: number): void {
    this.value += change;
    if (this.value > this.most) this.most = this.value;
  }
}
