import { splitSlots } from '../apportion.ts';
import type { Clock } from '../clock.ts';
import type { CreditBatch, CreditRecall, CreditReturnBatch, PhaseStart } from '../credit.ts';
import { CreditIssuer } from '../credit-issuer.ts';
import type { PhaseCounts, SessionCounts } from '../messages.ts';
import type { PhaseLedger } from '../phase-ledger.ts';
import type { SessionSource } from '../sessions/session-source.ts';
import type { SlotStep } from '../slot-ramp.ts';
import { ConcurrencyStrategy } from '../strategies/concurrency.ts';
import { LATER_TURNS_TIMING, OpenLoopStrategy, USUAL_TIMING } from '../strategies/open-loop.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { startTimerAt } from '../timers.ts';
import type { CancelTimer, Timers } from '../timers.ts';
import type { PhasePlan } from './phase-plan.ts';

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

/** What a phase draws its sessions, cancellations and ramps from. */
export interface PhaseInputs {
  /** The sessions of a phase that begins then (run nanoseconds). */
  createSessions(startNs: number): SessionSource;
  readonly nextCancelAfterNs: () => number;
  /** How the limits climb; absent: they are what the plan says from the beginning. */
  readonly concurrencySteps?: readonly SlotStep[];
  readonly prefillSteps?: readonly SlotStep[];
}

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
 * - `pending`: not begun. Left by `begin`.
 * - `sending`: credits are granted. Left when all are sent, when the time is over, by `cancel`, or when no worker is left.
 * - `stopping`: nothing is granted any more; credits that were not sent are on their way back.
 * - `draining`: everything that will be sent has been sent; requests are in flight.
 * - `complete`: every credit has come back or counts as lost.
 */
export type PhaseStateName = 'pending' | 'sending' | 'stopping' | 'draining' | 'complete';

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
  #state: PhaseStateName = 'pending';
  #workers: readonly PhaseWorker[];
  /** What each worker was told last. */
  readonly #told = new Map<string, { readonly slots: number | null; readonly prefillSlots: number | null }>();
  #concurrency: number | null;
  #prefillConcurrency: number | null;
  #issuer: CreditIssuer | undefined;
  #strategy: Strategy | undefined;
  #stopSendingAtNs: number | null = null;
  #cancelStepTimer: CancelTimer = () => {};
  #stepTimerEndsNs = Number.POSITIVE_INFINITY;
  readonly #cancelTimers: CancelTimer[] = [];
  /** Latest time at which something came back, or can have been sent. */
  #lastActivityNs = 0;
  #endedEarly = false;
  /** Requests in flight were cancelled: by a cancel command, at the end of the grace period, after a stall. */
  #isCancelling = false;
  #strangerCount = 0;

  constructor(options: PhaseRunOptions) {
    this.#options = options;
    this.#plan = options.plan;
    this.#workers = options.workers;
    this.#concurrency = options.plan.load.concurrency ?? null;
    this.#prefillConcurrency = options.plan.load.prefillConcurrency ?? null;
  }

  get phaseIndex(): number {
    return this.#plan.phaseIndex;
  }

  /** `undefined` before the beginning. */
  get ledger(): PhaseLedger | undefined {
    return this.#issuer?.ledger;
  }

  get state(): PhaseStateName {
    return this.#state;
  }

  /** Tells the workers, grants the first credits. */
  begin(): void {
    const { clock, timers, events, port, inputs } = this.#options;
    const { mode, durationNs, gracePeriodNs, phaseIndex, requestCount, sessionCount } = this.#plan;
    const nowNs = clock.now();
    const startNs = mode === 'concurrency' ? nowNs : nowNs + OPEN_LOOP_LEAD_NS;
    this.#stopSendingAtNs = durationNs === null ? null : startNs + durationNs;
    const source = inputs.createSessions(startNs);
    const issuer = new CreditIssuer({
      phaseIndex,
      workerIds: this.#workers.map(({ id }) => id),
      stopConditions: { requestCount, sessionCount, stopSendingAtNs: this.#stopSendingAtNs },
      source,
      nextCancelAfterNs: inputs.nextCancelAfterNs,
      grant: (workerId, batch) => port.grant(workerId, batch),
      recall: (workerId, laterTurns) => port.recall(workerId, { phaseIndex, laterTurns }),
    });
    this.#issuer = issuer;
    const timing = issuer.hasLaterDueTimes ? LATER_TURNS_TIMING : USUAL_TIMING;
    this.#strategy =
      mode === 'concurrency'
        ? new ConcurrencyStrategy(issuer, this.#plan.load.concurrency ?? 1)
        : new OpenLoopStrategy(issuer, timing);
    this.#climb(inputs.concurrencySteps, startNs, (slots) => {
      this.#concurrency = slots;
    });
    this.#climb(inputs.prefillSteps, startNs, (slots) => {
      this.#prefillConcurrency = slots;
    });
    this.#lastActivityNs = startNs;
    this.#state = 'sending';
    this.#assignSlots();
    events.started(startNs);
    if (this.#stopSendingAtNs !== null) {
      this.#cancelTimers.push(startTimerAt(clock, timers, this.#stopSendingAtNs, () => this.#stopSending()));
      if (gracePeriodNs !== null) {
        this.#cancelTimers.push(
          startTimerAt(clock, timers, this.#stopSendingAtNs + gracePeriodNs, () => this.#cancelInFlight()),
        );
      }
    }
    this.#startProgress();
    this.#step();
  }

  /** A worker's report. */
  takeBack(workerId: string, batch: CreditReturnBatch): void {
    const issuer = this.#issuer;
    if (issuer === undefined || this.#state === 'complete') return;
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
    this.#reassignSlotsOfRetired(issuer);
    this.#step();
  }

  /** A worker is gone; the others take over its slots. */
  loseWorker(workerId: string): void {
    if (!this.#workers.some(({ id }) => id === workerId)) return;
    this.#workers = this.#workers.filter(({ id }) => id !== workerId);
    this.#told.delete(workerId);
    const issuer = this.#issuer;
    if (issuer === undefined || this.#state === 'complete') return;
    const { lostCount, sessionCount } = issuer.loseWorker(workerId, this.#options.clock.now());
    this.#options.events.warned(
      `${workerId} is gone; ${lostCount} requests that it had or may have sent count as lost, ` +
        `${sessionCount} sessions end with it, ${this.#workers.length} workers go on`,
    );
    if (this.#state === 'sending' || this.#state === 'stopping') this.#assignSlots();
    this.#step();
  }

  /** Ends the phase before its time: nothing is sent any more, requests in flight are cancelled. */
  cancel(): void {
    if (this.#state === 'pending' || this.#state === 'complete') return;
    this.#endedEarly = true;
    this.#cancelInFlight();
  }

  /** Leaves no timer behind; what is out stays unaccounted for. */
  dispose(): void {
    this.#cancelStepTimer();
    for (const cancelTimer of this.#cancelTimers) cancelTimer();
    this.#cancelTimers.length = 0;
  }

  /** Lets a limit climb by its steps, those that are over now at once. */
  #climb(steps: readonly SlotStep[] | undefined, startNs: number, setLimit: (slots: number) => void): void {
    if (steps === undefined) return;
    const { clock, timers } = this.#options;
    let position = 0;
    let cancelTimer: CancelTimer = () => {};
    const climb = (): void => {
      for (let step = steps[position]; step !== undefined; step = steps[position]) {
        if (startNs + step.atNs > Math.max(clock.now(), startNs)) {
          cancelTimer = startTimerAt(clock, timers, startNs + step.atNs, () => {
            climb();
            if (this.#state !== 'sending' && this.#state !== 'stopping') return;
            this.#assignSlots();
            this.#step();
          });
          return;
        }
        setLimit(step.slots);
        position += 1;
      }
    };
    this.#cancelTimers.push(() => cancelTimer());
    climb();
  }

  /** Splits the limits over the workers that still send, and tells those whose share has changed. */
  #assignSlots(): void {
    const { phaseIndex, kind } = this.#plan;
    const ledgers = this.#issuer?.ledger.workers.filter((worker) => !worker.isRetired) ?? [];
    const limits = ledgers.map(({ id }) => this.#workers.find((worker) => worker.id === id)?.slotsMax ?? 0);
    const prefillShares = this.#prefillConcurrency === null ? undefined : splitSlots(this.#prefillConcurrency, limits);
    // Without a prefill slot a worker can send nothing, so it gets no sessions either.
    const usable = limits.map((limit, index) => (prefillShares?.[index] === 0 ? 0 : limit));
    const shares = this.#concurrency === null ? undefined : splitSlots(this.#concurrency, usable);
    ledgers.forEach((ledger, index) => {
      const slots = shares?.[index] ?? null;
      const prefillSlots = prefillShares?.[index] ?? null;
      const told = this.#told.get(ledger.id);
      if (told?.slots === slots && told.prefillSlots === prefillSlots) return;
      this.#told.set(ledger.id, { slots, prefillSlots });
      ledger.slots = prefillSlots === 0 ? 0 : slots;
      const stopSendingAtNs = this.#stopSendingAtNs;
      this.#options.port.beginPhase(ledger.id, { phaseIndex, kind, slots, prefillSlots, stopSendingAtNs });
    });
  }

  /** A worker that has stopped by itself keeps its slots until its last request has ended; then the others get them. */
  #reassignSlotsOfRetired(issuer: CreditIssuer): void {
    const retired = issuer.ledger.workers.filter(({ id, isRetired }) => isRetired && this.#told.delete(id));
    if (retired.length > 0 && (issuer.hasMore || issuer.ledger.unsentCount > 0)) this.#assignSlots();
  }

  #step(): void {
    const { clock } = this.#options;
    const issuer = this.#issuer;
    if (issuer === undefined) return;
    if (this.#state === 'stopping' && issuer.hasMore) {
      // Credits that were all granted came back unsent from a worker that left, or turns that a session did not come to are free again.
      this.#state = 'sending';
    }
    if (this.#state === 'sending' && issuer.ledger.openWorkers.length === 0 && issuer.hasMore) {
      this.#endedEarly = true;
      issuer.close(clock.now());
    }
    // In a closed loop what was granted may still have to change hands.
    const mayMove = this.#plan.mode === 'concurrency' && !issuer.ledger.isClosed;
    if (this.#state === 'sending' || (this.#state === 'stopping' && mayMove)) {
      const nextStepNs = this.#strategy?.step(clock.now()) ?? Number.POSITIVE_INFINITY;
      if (issuer.hasMore || mayMove) this.#armStepTimer(nextStepNs);
      if (!issuer.hasMore) this.#state = 'stopping';
    }
    if (this.#state === 'stopping' && issuer.ledger.unsentCount === 0) this.#enterDraining(issuer);
    if (this.#state === 'draining' && issuer.ledger.outstandingCount === 0) this.#complete(issuer);
  }

  #armStepTimer(atNs: number): void {
    if (atNs === this.#stepTimerEndsNs) return;
    this.#cancelStepTimer();
    this.#stepTimerEndsNs = atNs;
    this.#cancelStepTimer = () => {};
    if (atNs === Number.POSITIVE_INFINITY) return;
    const { clock, timers } = this.#options;
    this.#cancelStepTimer = startTimerAt(clock, timers, atNs, () => {
      this.#stepTimerEndsNs = Number.POSITIVE_INFINITY;
      this.#lastActivityNs = Math.max(this.#lastActivityNs, clock.now());
      this.#step();
    });
  }

  #stopSending(): void {
    const issuer = this.#issuer;
    if (issuer === undefined || this.#state === 'complete') return;
    issuer.close(this.#stopSendingAtNs ?? this.#options.clock.now());
    // The workers stop by themselves at the same time; this reaches those whose clock or event loop is late.
    for (const { id } of this.#workers) this.#options.port.stopSending(id, this.#plan.phaseIndex);
    if (this.#state === 'sending') this.#state = 'stopping';
    this.#step();
  }

  #cancelInFlight(): void {
    const issuer = this.#issuer;
    if (issuer === undefined || this.#isCancelling || this.#state === 'complete') return;
    this.#isCancelling = true;
    issuer.close(this.#options.clock.now());
    if (this.#state === 'sending') this.#state = 'stopping';
    for (const { id } of this.#workers) this.#options.port.cancel(id, this.#plan.phaseIndex);
    const { clock, timers, events } = this.#options;
    this.#cancelTimers.push(
      startTimerAt(clock, timers, clock.now() + CANCEL_LIMIT_NS, () => {
        const lostCount = issuer.loseOutstanding(clock.now());
        events.warned(
          `${lostCount} cancelled requests have not come back within ${CANCEL_LIMIT_NS / 1e9} s and count as lost`,
        );
        this.#step();
      }),
    );
    this.#step();
  }

  #startProgress(): void {
    const { clock, timers, events, stallLimitNs } = this.#options;
    const tick = (): void => {
      const issuer = this.#issuer;
      if (issuer === undefined) return;
      events.progressed(issuer.ledger.counts);
      const quietNs = clock.now() - this.#lastActivityNs;
      // In an open loop with nothing out, the next request is simply not due yet.
      const isWaiting = issuer.ledger.outstandingCount > 0 || this.#plan.mode === 'concurrency';
      const limitNs = stallLimitNs + issuer.ledger.longestDelayNs;
      const isStalled = isWaiting && quietNs > limitNs && !issuer.ledger.credits.hasDueAfter(clock.now() - limitNs);
      if (isStalled && !this.#isCancelling) {
        events.warned(
          `nothing has come back for ${Math.round(quietNs / 1e9)} s; ${issuer.ledger.outstandingCount} credits are given up`,
        );
        this.#endedEarly = this.#endedEarly || issuer.hasMore;
        this.#cancelInFlight();
      }
      if (this.#state !== 'complete') arm();
    };
    let cancelTick: CancelTimer = () => {};
    const arm = (): void => {
      cancelTick = timers.startTimer(PROGRESS_INTERVAL_MS, tick);
    };
    this.#cancelTimers.push(() => cancelTick());
    arm();
  }

  #enterDraining(issuer: CreditIssuer): void {
    this.#state = 'draining';
    this.#cancelStepTimer();
    if (issuer.ledger.hasTruncatedSessions && !issuer.ledger.isClosed) {
      // The count ends them between two turns; what they hold at the workers is free for the next phase.
      issuer.close(this.#options.clock.now());
      for (const { id } of this.#workers) this.#options.port.stopSending(id, this.#plan.phaseIndex);
    }
    const sentEndNs = Number.isNaN(issuer.lastSentNs) ? this.#options.clock.now() : issuer.lastSentNs;
    this.#options.events.sendingCompleted(issuer.ledger.counts.sent, sentEndNs);
  }

  #complete(issuer: CreditIssuer): void {
    this.#state = 'complete';
    this.dispose();
    this.#options.events.completed(issuer.ledger.counts, this.#options.clock.now(), this.#endedEarly);
  }
}
