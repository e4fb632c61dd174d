import type { Clock } from '@aiperf/records/clock';
import type { CreditReturnBatch } from '../credit.ts';
import { CreditIssuer } from '../credit-issuer.ts';
import type { PhaseLedger } from '../phase-ledger.ts';
import type { SlotStep } from '../slot-ramp.ts';
import { ConcurrencyStrategy } from '../strategies/concurrency.ts';
import { LATER_TURNS_TIMING, OpenLoopStrategy, USUAL_TIMING } from '../strategies/open-loop.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { startTimerAt } from '../timers.ts';
import type { CancelTimer, Timers } from '../timers.ts';
import type { PhasePlan } from './phase-plan.ts';
import type { PhaseInputs } from './phase-inputs.ts';
import type { PhaseEvents, PhaseWorker, WorkerPort } from './phase-port.ts';
import { SlotShares } from './slot-shares.ts';

/** What a phase runs on. */
export interface PhaseRunOptions {
  readonly plan: PhasePlan;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly workers: readonly PhaseWorker[];
  readonly port: WorkerPort;
  readonly events: PhaseEvents;
  readonly inputs: PhaseInputs;
  /** A phase in which nothing comes back for this long although something should is given up. */
  readonly stallLimitNs: number;
}

/**
 * - `sending`: credits are granted. Left when all are sent, when the time is over, by `cancel`, or when no worker is left.
 * - `stopping`: nothing is granted any more; credits that were not sent are on their way back.
 * - `draining`: everything that will be sent has been sent; requests are in flight.
 * - `complete`: every credit has come back or counts as lost.
 */
type PhaseStateName = 'sending' | 'stopping' | 'draining' | 'complete';

const PROGRESS_INTERVAL_MS = 250;
/** An open loop's first due time lies this far ahead, so that its credit is there in time. */
const OPEN_LOOP_LEAD_NS = 10_000_000;
/**
 * Cancelled requests must have come back by then; what has not counts as lost. Shorter than the 10 s in which the controller wants its cancel
 * answered: with both equal, a worker that hangs made the timing manager look as if it did not answer.
 */
const CANCEL_LIMIT_NS = 8_000_000_000;

/** One phase from its first credit to its last return. */
export class PhaseRun {
  readonly #options: PhaseRunOptions;
  readonly #plan: PhasePlan;
  #state: PhaseStateName = 'sending';
  readonly #shares: SlotShares;
  readonly #issuer: CreditIssuer;
  readonly #strategy: Strategy;
  readonly #startNs: number;
  readonly #stopSendingAtNs: number | null;
  #cancelStepTimer: CancelTimer = () => {};
  #cancelProgressTimer: CancelTimer = () => {};
  #stepTimerEndsNs = Number.POSITIVE_INFINITY;
  readonly #cancelTimers: CancelTimer[] = [];
  /** Latest time at which something came back, or can have been sent. */
  #lastActivityNs: number;
  #endedEarly = false;
  /** Requests in flight were cancelled: by a cancel command, at the end of the grace period, after a stall. */
  #isCancelling = false;
  #strangerCount = 0;

  constructor(options: PhaseRunOptions) {
    const { plan, workers, clock, port, inputs } = options;
    const { mode, durationNs, phaseIndex, kind, requestCount, sessionCount, load } = plan;
    this.#options = options;
    this.#plan = plan;
    const startNs = clock.now() + (mode === 'concurrency' ? 0 : OPEN_LOOP_LEAD_NS);
    const stopSendingAtNs = durationNs === null ? null : startNs + durationNs;
    this.#startNs = startNs;
    this.#stopSendingAtNs = stopSendingAtNs;
    this.#lastActivityNs = startNs;
    this.#issuer = new CreditIssuer({
      phaseIndex,
      workerIds: workers.map(({ id }) => id),
      stopConditions: { requestCount, sessionCount, stopSendingAtNs },
      source: inputs.createSessions(startNs),
      nextCancelAfterNs: inputs.nextCancelAfterNs,
      grant: (workerId, batch) => port.grant(workerId, batch),
      recall: (workerId, laterTurns) => port.recall(workerId, { phaseIndex, laterTurns }),
    });
    const timing = this.#issuer.hasLaterDueTimes ? LATER_TURNS_TIMING : USUAL_TIMING;
    this.#strategy =
      mode === 'concurrency'
        ? new ConcurrencyStrategy(this.#issuer, load.concurrency ?? 1)
        : new OpenLoopStrategy(this.#issuer, timing);
    const limits = { concurrency: load.concurrency ?? null, prefillConcurrency: load.prefillConcurrency ?? null };
    this.#shares = new SlotShares(limits, workers, (workerId, share) =>
      port.beginPhase(workerId, { phaseIndex, kind, ...share, stopSendingAtNs }),
    );
  }

  get phaseIndex(): number {
    return this.#plan.phaseIndex;
  }

  get ledger(): PhaseLedger {
    return this.#issuer.ledger;
  }

  /** Tells the workers, grants the first credits. */
  begin(): void {
    const { clock, timers, events, inputs } = this.#options;
    this.#climb(inputs.concurrencySteps, 'concurrency');
    this.#climb(inputs.prefillSteps, 'prefillConcurrency');
    this.#shares.assign(this.ledger.workers);
    events.started(this.#startNs);
    if (this.#stopSendingAtNs !== null) {
      this.#cancelTimers.push(startTimerAt(clock, timers, this.#stopSendingAtNs, () => this.#stopSending()));
      const graceEndNs = this.#stopSendingAtNs + (this.#plan.gracePeriodNs ?? Number.POSITIVE_INFINITY);
      if (graceEndNs !== Number.POSITIVE_INFINITY) {
        this.#cancelTimers.push(startTimerAt(clock, timers, graceEndNs, () => this.#cancelInFlight()));
      }
    }
    this.#armProgressTimer();
    this.#step();
  }

  /** A worker's report. */
  takeBack(workerId: string, batch: CreditReturnBatch): void {
    const issuer = this.#issuer;
    if (this.#state === 'complete') return;
    const nowNs = this.#options.clock.now();
    // The workers stop by the same clock and may report before the timer here fires; what they hand back must not be granted again.
    if (this.#stopSendingAtNs !== null && nowNs >= this.#stopSendingAtNs) issuer.close(this.#stopSendingAtNs);
    const strangerCount = issuer.takeBack(workerId, batch, nowNs);
    if (strangerCount > 0 && this.#strangerCount === 0) {
      this.#options.events.warned(
        `${workerId} returned ${strangerCount} credits that it did not hold; they are not counted`,
      );
    }
    this.#strangerCount += strangerCount;
    this.#lastActivityNs = Math.max(this.#lastActivityNs, nowNs);
    const isSlotFree = this.#shares.takeFromRetired(this.ledger.workers);
    if (isSlotFree && (issuer.hasMore || this.ledger.unsentCount > 0)) this.#shares.assign(this.ledger.workers);
    this.#step();
  }

  /** A worker is gone; the others take over its slots. */
  loseWorker(workerId: string): void {
    if (this.#state === 'complete' || this.ledger.workerNamed(workerId) === undefined) return;
    const { lostCount, sessionCount } = this.#issuer.loseWorker(workerId, this.#options.clock.now());
    this.#options.events.warned(
      `${workerId} is gone; ${lostCount} requests that it had or may have sent count as lost, ` +
        `${sessionCount} sessions end with it, ${this.ledger.workers.length} workers go on`,
    );
    if (this.#state === 'sending' || this.#state === 'stopping') this.#shares.assign(this.ledger.workers);
    this.#step();
  }

  /** Ends the phase before its time: nothing is sent any more, requests in flight are cancelled. */
  cancel(): void {
    if (this.#state === 'complete') return;
    this.#endedEarly = true;
    this.#cancelInFlight();
  }

  /** Leaves no timer behind; what is out stays unaccounted for. */
  dispose(): void {
    this.#cancelStepTimer();
    this.#cancelProgressTimer();
    for (const cancelTimer of this.#cancelTimers) cancelTimer();
    this.#cancelTimers.length = 0;
  }

  /** Lets a limit climb by its steps, those that are over now at once. */
  #climb(steps: readonly SlotStep[] | undefined, limit: 'concurrency' | 'prefillConcurrency'): void {
    if (steps === undefined) return;
    const { clock, timers } = this.#options;
    const startNs = this.#startNs;
    let position = 0;
    let cancelTimer: CancelTimer = () => {};
    const climb = (): void => {
      for (let step = steps[position]; step !== undefined; step = steps[position]) {
        if (startNs + step.atNs > Math.max(clock.now(), startNs)) {
          cancelTimer = startTimerAt(clock, timers, startNs + step.atNs, () => {
            climb();
            if (this.#state !== 'sending' && this.#state !== 'stopping') return;
            this.#shares.assign(this.ledger.workers);
            this.#step();
          });
          return;
        }
        this.#shares[limit] = step.slots;
        position += 1;
      }
    };
    this.#cancelTimers.push(() => cancelTimer());
    climb();
  }

  #step(): void {
    const { clock } = this.#options;
    const issuer = this.#issuer;
    if (this.#state === 'stopping' && issuer.hasMore) {
      // Credits that were all granted came back unsent from a worker that left, or turns that a session did not come to are free again.
      this.#state = 'sending';
    }
    if (this.#state === 'sending' && this.ledger.openWorkers.length === 0 && issuer.hasMore) {
      this.#endedEarly = true;
      issuer.close(clock.now());
    }
    // In a closed loop what was granted may still have to change hands.
    const mayMove = this.#plan.mode === 'concurrency' && !this.ledger.isClosed;
    if (this.#state === 'sending' || (this.#state === 'stopping' && mayMove)) {
      const nextStepNs = this.#strategy.step(clock.now());
      if (issuer.hasMore || mayMove) this.#armStepTimer(nextStepNs);
      if (!issuer.hasMore) this.#state = 'stopping';
    }
    if (this.#state === 'stopping' && this.ledger.unsentCount === 0) this.#enterDraining();
    if (this.#state === 'draining' && this.ledger.outstandingCount === 0) this.#complete();
  }

  #armStepTimer(atNs: number): void {
    if (atNs === this.#stepTimerEndsNs) return;
    this.#cancelStepTimer();
    this.#stepTimerEndsNs = atNs;
    if (atNs === Number.POSITIVE_INFINITY) return;
    const { clock, timers } = this.#options;
    this.#cancelStepTimer = startTimerAt(clock, timers, atNs, () => {
      this.#stepTimerEndsNs = Number.POSITIVE_INFINITY;
      this.#lastActivityNs = Math.max(this.#lastActivityNs, clock.now());
      this.#step();
    });
  }

  #stopSending(): void {
    if (this.#state === 'complete') return;
    // The workers stop by themselves at the same time; this reaches those whose clock or event loop is late.
    this.#close(this.#stopSendingAtNs ?? this.#options.clock.now());
    if (this.#state === 'sending') this.#state = 'stopping';
    this.#step();
  }

  #close(atNs: number): void {
    this.#issuer.close(atNs);
    for (const { id } of this.ledger.workers) this.#options.port.stopSending(id, this.#plan.phaseIndex);
  }

  #cancelInFlight(): void {
    if (this.#isCancelling || this.#state === 'complete') return;
    this.#isCancelling = true;
    this.#issuer.close(this.#options.clock.now());
    if (this.#state === 'sending') this.#state = 'stopping';
    for (const { id } of this.ledger.workers) this.#options.port.cancel(id, this.#plan.phaseIndex);
    const { clock, timers, events } = this.#options;
    this.#cancelTimers.push(
      startTimerAt(clock, timers, clock.now() + CANCEL_LIMIT_NS, () => {
        const lostCount = this.#issuer.loseOutstanding(clock.now());
        events.warned(
          `${lostCount} cancelled requests have not come back within ${CANCEL_LIMIT_NS / 1e9} s and count as lost`,
        );
        this.#step();
      }),
    );
    this.#step();
  }

  #armProgressTimer(): void {
    this.#cancelProgressTimer = this.#options.timers.startTimer(PROGRESS_INTERVAL_MS, () => {
      this.#noteProgress();
      if (this.#state !== 'complete') this.#armProgressTimer();
    });
  }

  #noteProgress(): void {
    const { clock, events, stallLimitNs } = this.#options;
    const { counts, outstandingCount, longestDelayNs, credits } = this.ledger;
    events.progressed(counts);
    const quietNs = clock.now() - this.#lastActivityNs;
    // In an open loop with nothing out, the next request is simply not due yet.
    const isWaiting = outstandingCount > 0 || this.#plan.mode === 'concurrency';
    const limitNs = stallLimitNs + longestDelayNs;
    if (this.#isCancelling || !isWaiting || quietNs <= limitNs || credits.hasDueAfter(clock.now() - limitNs)) return;
    events.warned(`nothing has come back for ${Math.round(quietNs / 1e9)} s; ${outstandingCount} credits are given up`);
    this.#endedEarly ||= this.#issuer.hasMore;
    this.#cancelInFlight();
  }

  #enterDraining(): void {
    this.#state = 'draining';
    this.#cancelStepTimer();
    if (this.ledger.hasTruncatedSessions && !this.ledger.isClosed) {
      // The count ends them between two turns; what they hold at the workers is free for the next phase.
      this.#close(this.#options.clock.now());
    }
    const sentEndNs = Number.isNaN(this.#issuer.lastSentNs) ? this.#options.clock.now() : this.#issuer.lastSentNs;
    this.#options.events.sendingCompleted(this.ledger.counts.sent, sentEndNs);
  }

  #complete(): void {
    this.#state = 'complete';
    this.dispose();
    this.#options.events.completed(this.ledger.counts, this.#options.clock.now(), this.#endedEarly);
  }
}
