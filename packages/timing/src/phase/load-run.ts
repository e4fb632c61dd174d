import type { Clock } from '@aiperf/records/clock';
import type { CreditReturnBatch } from '../credit.ts';
import type { PhaseLedger } from '../phase-ledger.ts';
import type { Timers } from '../timers.ts';
import { createPhaseInputs } from './phase-inputs.ts';
import type { LoadInputs } from './phase-inputs.ts';
import type { PhasePlan } from './phase-plan.ts';
import { PhaseRun } from './phase-run.ts';
import type { PhaseEvents, PhaseWorker, WorkerPort } from './phase-port.ts';

/** What all phases of a run share. */
export interface LoadRunOptions {
  readonly phases: readonly PhasePlan[];
  readonly clock: Clock;
  readonly timers: Timers;
  /** Those that are left, at any moment. */
  readonly workers: () => readonly PhaseWorker[];
  readonly port: WorkerPort;
  readonly inputs: LoadInputs;
  readonly stallLimitNs: number;
  events(plan: PhasePlan): PhaseEvents;
  /** After the last phase; `endedEarly`: it was cancelled, or no worker was left. Called once. */
  ended(endedEarly: boolean): void;
}

/**
 * The phases of a run, one after the other. A seamless phase is followed by the next one as soon as it has sent its last request, so two of
 * them can be live; the others are followed when everything has come back.
 */
export class LoadRun {
  readonly #options: LoadRunOptions;
  /** In the order of the phases. */
  readonly #live: PhaseRun[] = [];
  #begunCount = 0;
  #isCancelled = false;
  #hasEnded = false;

  constructor(options: LoadRunOptions) {
    this.#options = options;
  }

  /** Of the phases that are live. */
  get ledgers(): readonly PhaseLedger[] {
    return this.#live.map(({ ledger }) => ledger);
  }

  begin(): void {
    this.#beginNext();
  }

  takeBack(workerId: string, batch: CreditReturnBatch): void {
    // Returns of a phase that was given up arrive late and were counted as lost.
    this.#live.find(({ phaseIndex }) => phaseIndex === batch.phaseIndex)?.takeBack(workerId, batch);
  }

  /** The worker must not be among {@link LoadRunOptions.workers} any more. */
  loseWorker(workerId: string): void {
    for (const run of this.#live.slice()) run.loseWorker(workerId);
  }

  /** Ends every phase before its time; no further one begins. */
  cancel(): void {
    this.#isCancelled = true;
    if (this.#live.length === 0) this.#end(true);
    for (const run of this.#live.slice()) run.cancel();
  }

  /** Leaves no timer behind. */
  dispose(): void {
    for (const run of this.#live) run.dispose();
  }

  #beginNext(): void {
    const { phases, clock, timers, workers, port, inputs, stallLimitNs } = this.#options;
    const plan = phases[this.#begunCount];
    if (plan === undefined || this.#isCancelled || workers().length === 0) {
      if (this.#live.length === 0) this.#end(this.#isCancelled || plan !== undefined);
      return;
    }
    this.#begunCount += 1;
    const run = new PhaseRun({
      plan,
      clock,
      timers,
      workers: workers(),
      port,
      events: this.#events(plan),
      inputs: createPhaseInputs(plan, inputs),
      stallLimitNs,
    });
    this.#live.push(run);
    run.begin();
  }

  #events(plan: PhasePlan): PhaseEvents {
    const events = this.#options.events(plan);
    const isSeamless = plan.load.seamless;
    return {
      started: (startNs) => events.started(startNs),
      progressed: (counts) => events.progressed(counts),
      warned: (message) => events.warned(message),
      sendingCompleted: (sentCount, sentEndNs) => {
        events.sendingCompleted(sentCount, sentEndNs);
        if (isSeamless) this.#beginNext();
      },
      completed: (counts, endNs, endedEarly) => {
        const position = this.#live.findIndex(({ phaseIndex }) => phaseIndex === plan.phaseIndex);
        this.#live.splice(position, 1);
        events.completed(counts, endNs, endedEarly);
        if (endedEarly) {
          this.#isCancelled = true;
          for (const run of this.#live.slice()) run.cancel();
        }
        if (this.#live.length === 0) this.#beginNext();
      },
    };
  }

  #end(endedEarly: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.ended(endedEarly);
  }
}
