import { BehaviorSubject, type Observable } from 'rxjs';
import type { ConnectedBus } from '@aiperf/comms';
import type { MetricsMessages } from '@aiperf/metrics';
import type { PhaseCounts, TimingMessages } from '@aiperf/timing';

/** What a run is doing, in the order in which it does it. */
export type RunStage = 'starting' | 'warmup' | 'profiling' | 'processing' | 'exporting';

/** What a display needs; a new one is emitted whenever something changed. */
export interface RunProgress {
  readonly stage: RunStage;
  /** `performance.now()` when the stage began. */
  readonly stageStartMs: number;
  /** Requests that end the stage; `null`: it ends by time. */
  readonly expectedRequests: number | null;
  readonly expectedDurationSec: number | null;
  readonly counts: PhaseCounts;
  /** Failures found in the records: includes answers that arrived whole but were not good. */
  readonly recordErrors: number;
  readonly recordsProcessed: number;
  /** `null` until the load has ended. */
  readonly recordsExpected: number | null;
}

const NO_COUNTS: PhaseCounts = { sent: 0, completed: 0, failed: 0, cancelled: 0, lost: 0, inFlight: 0 };

/** Folds the messages of a run into its progress. */
export class ProgressTracker {
  readonly #progress = new BehaviorSubject<RunProgress>({
    stage: 'starting',
    stageStartMs: performance.now(),
    expectedRequests: null,
    expectedDurationSec: null,
    counts: NO_COUNTS,
    recordErrors: 0,
    recordsProcessed: 0,
    recordsExpected: null,
  });

  get progress$(): Observable<RunProgress> {
    return this.#progress.asObservable();
  }

  enter(stage: RunStage): void {
    if (this.#progress.value.stage !== stage) this.#update({ stage, stageStartMs: performance.now() });
  }

  complete(): void {
    this.#progress.complete();
  }

  /** Listens until the bus closes. `onError` hears of a broken stream. */
  listen(bus: ConnectedBus<TimingMessages & MetricsMessages>, onError: (error: Error) => void): void {
    bus.messages$('credit_phase_start').subscribe({
      next: (message) => {
        this.enter(message.phase);
        this.#update({
          expectedRequests: message.total_expected_requests,
          expectedDurationSec: message.expected_duration_sec,
          counts: NO_COUNTS,
        });
      },
      error: onError,
    });
    bus.messages$('credit_phase_progress').subscribe({ next: (counts) => this.#update({ counts }), error: onError });
    bus.messages$('credit_phase_complete').subscribe({ next: (counts) => this.#update({ counts }), error: onError });
    bus.messages$('credits_complete').subscribe({ next: () => this.enter('processing'), error: onError });
    bus.messages$('processing_stats').subscribe({
      next: ({ processed, errors, total_expected: recordsExpected }) =>
        this.#update({ recordsProcessed: processed, recordErrors: errors, recordsExpected }),
      error: onError,
    });
  }

  #update(change: Partial<RunProgress>): void {
    this.#progress.next({ ...this.#progress.value, ...change });
  }
}
