import { BehaviorSubject, map, merge, type Observable, scan, Subject } from 'rxjs';
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

/** What a message changes of the progress. */
type Step = (progress: RunProgress) => Partial<RunProgress>;

/** Enters a stage, unless the run is in it. */
const entering =
  (stage: RunStage): Step =>
  (progress) =>
    progress.stage === stage ? {} : { stage, stageStartMs: performance.now() };

/** Folds the messages of a run into its progress. */
export class ProgressTracker {
  readonly #steps = new Subject<Step>();
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

  constructor() {
    this.#steps
      .pipe(scan((progress, step) => ({ ...progress, ...step(progress) }), this.#progress.value))
      .subscribe(this.#progress);
  }

  get progress$(): Observable<RunProgress> {
    return this.#progress.asObservable();
  }

  enter(stage: RunStage): void {
    this.#steps.next(entering(stage));
  }

  complete(): void {
    this.#steps.complete();
  }

  /** Listens until the bus closes. `onError` hears of a broken stream. */
  listen(
    bus: Pick<ConnectedBus<TimingMessages & MetricsMessages>, 'messages$'>,
    onError: (error: Error) => void,
  ): void {
    stepsOf(bus).subscribe({ next: (step) => this.#steps.next(step), error: onError });
  }
}

function stepsOf(bus: Pick<ConnectedBus<TimingMessages & MetricsMessages>, 'messages$'>): Observable<Step> {
  return merge(
    bus.messages$('credit_phase_start').pipe(
      map((phase): Step => (progress) => ({
        ...entering(phase.phase)(progress),
        expectedRequests: phase.total_expected_requests,
        expectedDurationSec: phase.expected_duration_sec,
        counts: NO_COUNTS,
      })),
    ),
    merge(bus.messages$('credit_phase_progress'), bus.messages$('credit_phase_complete')).pipe(
      map((counts): Step => () => ({ counts })),
    ),
    bus.messages$('credits_complete').pipe(map(() => entering('processing'))),
    bus.messages$('processing_stats').pipe(
      map(({ processed, errors, total_expected }): Step => () => ({
        recordsProcessed: processed,
        recordErrors: errors,
        recordsExpected: total_expected,
      })),
    ),
  );
}
