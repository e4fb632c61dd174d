import type { Clock } from '@aiperf/records/clock';
import type { Credit, CreditBatch, CreditOutcome, CreditRecall, CreditReturnBatch, PhaseStart } from '../credit.ts';
import type { Pacer } from '../pacer.ts';
import { nodeTimers, startTimerAt } from '../timers.ts';
import type { Timers } from '../timers.ts';
import { TimingError } from '../timing-error.ts';
import { HeldPhase } from './held-phase.ts';
import { ReportTimer } from './report-timer.ts';
import { StagedRequests, type StagedRequest } from './staged-requests.ts';

/** What a worker's credits need of their worker. */
export interface WorkerCreditsOptions {
  readonly clock: Clock;
  readonly pacer: Pacer;
  /** Absent: this process's event loop. */
  readonly timers?: Timers;
  /**
   * Sends the request now. `turnaroundNs` is the time since the slot's previous request ended; NaN for the slot's first request and for
   * credits with a due time.
   */
  send(credit: Credit, turnaroundNs: number): void;
  /**
   * Makes the request of a credit before it may be sent, so that nothing but the write is left to be done then. Either `fire` or `drop` of
   * the result is called, once. `undefined`: it cannot be staged. Absent: nothing is.
   */
  stage?(credit: Credit): StagedRequest | undefined;
}

/**
 * Returns are gathered this long, so that a message is not sent for every request. Much longer, and slots would run dry more often in the
 * last milliseconds of a phase, when leases are short.
 */
const RETURN_INTERVAL_NS = 10_000_000;
/** Where slots have nothing to send, or soon will have, returns are gathered this long only. */
const SHORT_RETURN_INTERVAL_NS = 1_000_000;
/** With nothing to return, the count of sent requests is reported this often. */
const SENT_REPORT_INTERVAL_NS = 50_000_000;

/**
 * The credits of one worker: holds them until their due time or a free slot, says when to send, and gathers what goes back.
 *
 * Never more sessions are in flight than the phase's slots, no turn is sent before its predecessor's end and its delay, and every credit
 * granted is returned exactly once.
 */
export class WorkerCredits {
  readonly #clock: Clock;
  readonly #pacer: Pacer;
  readonly #timers: Timers;
  readonly #send: (credit: Credit, turnaroundNs: number) => void;
  /** Oldest first: whose slots come first. */
  readonly #phases: HeldPhase[] = [];
  /** Called when {@link takeReturns} has something that should leave now. */
  onReturnsDue: () => void = () => {};
  readonly #onWake = (): void => {
    // Requests that are due within microseconds leave one right after the other.
    while (this.#fireStaged());
    this.#turn();
  };
  readonly #staged: StagedRequests | undefined;
  readonly #onNear: (() => void) | undefined;
  #isStagingRequested = false;
  #isTurnRequested = false;
  readonly #reportTimer: ReportTimer;

  constructor(options: WorkerCreditsOptions) {
    this.#clock = options.clock;
    this.#timers = options.timers ?? nodeTimers;
    this.#pacer = options.pacer;
    this.#reportTimer = new ReportTimer(this.#clock, this.#timers, () => this.#report());
    this.#send = (credit, turnaroundNs) => options.send(credit, turnaroundNs);
    if (options.stage !== undefined) {
      const staged = new StagedRequests((credit) => options.stage?.(credit));
      this.#staged = staged;
      this.#onNear = () => staged.stageDue(this.#phases, this.#clock.now());
    }
  }

  /** Requests in flight, all phases together. */
  get inFlight(): number {
    return this.#phases.reduce((sum, phase) => sum + phase.inFlight, 0);
  }

  /** A phase begins, or the limits of a running phase change. */
  beginPhase(start: PhaseStart): void {
    const { phaseIndex } = start;
    for (const phase of this.#phases.slice()) if (phase.phaseIndex < phaseIndex && phase.isSettled) this.#forget(phase);
    let phase = this.#find(phaseIndex);
    if (phase === undefined) {
      phase = new HeldPhase(start);
      this.#phases.push(phase);
      this.#phases.sort((a, b) => a.phaseIndex - b.phaseIndex);
      this.#linkPhases();
    } else {
      phase.setLimits(start);
      this.#staged?.drop(phase);
    }
    phase.cancelStopTimer();
    if (start.stopSendingAtNs !== null) {
      phase.cancelStopTimer = startTimerAt(this.#clock, this.#timers, start.stopSendingAtNs, () =>
        this.stopSending(phaseIndex),
      );
    }
    this.#requestTurn();
  }

  /** Takes credits to be sent. */
  grant(batch: CreditBatch): void {
    this.#phase(batch.phaseIndex).add(batch);
    this.#requestTurn();
  }

  /**
   * A request has ended, its record is complete: the slot is free. `phaseIndex` is needed while two phases are live, whose credits may
   * have equal ids. `endedNs` is when the response was complete, which is earlier than this call where ends are told after the reads of
   * a turn; the turnaround counts from it.
   */
  requestEnded(
    creditId: number,
    outcome: CreditOutcome,
    phaseIndex?: number,
    endedNs: number = this.#clock.now(),
  ): void {
    this.#phaseInFlight(creditId, phaseIndex).end(creditId, outcome, endedNs);
    // Refilling here would hold up the read callbacks of this turn of the event loop, whose stamps would then be late.
    this.#requestTurn();
  }

  /** The first content token of a request in flight was read: its prefill slot is free. Does nothing without a prefill limit. */
  firstTokenArrived(creditId: number, phaseIndex: number): void {
    if (this.#find(phaseIndex)?.firstToken(creditId, this.#clock.now()) === true) this.#requestTurn();
  }

  /** Ends sending for good: what waits is handed back, and so is what is granted later. A phase that is over and forgotten has nothing to end. */
  stopSending(phaseIndex: number): void {
    const phase = this.#find(phaseIndex);
    if (phase === undefined) return;
    this.#close(phase);
    this.#report();
    // Sessions that end here between two turns free slots that a newer phase waits for.
    if (this.#phases.length > 1) this.#requestTurn();
  }

  /** Hands back what cannot be used yet, as {@link CreditRecall} says, and goes on. Nothing happens in a phase that is over. */
  recall({ phaseIndex, laterTurns }: CreditRecall): void {
    const phase = this.#find(phaseIndex);
    if (phase !== undefined) {
      this.#staged?.drop(phase);
      phase.recall(laterTurns);
    }
    this.#report();
  }

  /** Everything that ended or came back since the last call, one batch for each phase with news. */
  takeReturns(): CreditReturnBatch[] {
    this.#reportTimer.noteReport();
    return this.#phases.filter(hasNews).map((phase) => phase.takeReturns());
  }

  /** Forgets everything: no timer is left. */
  close(): void {
    for (const phase of this.#phases.slice()) this.#forget(phase);
    this.#pacer.cancel();
    this.#reportTimer.stop();
  }

  #find(phaseIndex: number): HeldPhase | undefined {
    return this.#phases.find((phase) => phase.phaseIndex === phaseIndex);
  }

  #phase(phaseIndex: number): HeldPhase {
    const phase = this.#find(phaseIndex);
    if (phase === undefined) throw new TimingError('AIPERF_TIMING_PROTOCOL', `phase ${phaseIndex} has not begun here`);
    return phase;
  }

  #phaseInFlight(creditId: number, phaseIndex: number | undefined): HeldPhase {
    if (phaseIndex !== undefined) return this.#phase(phaseIndex);
    const phase = this.#phases.find((candidate) => candidate.has(creditId));
    if (phase !== undefined) return phase;
    throw new TimingError('AIPERF_TIMING_PROTOCOL', `credit ${creditId} is not in flight here`);
  }

  #linkPhases(): void {
    for (const [position, phase] of this.#phases.entries()) phase.older = this.#phases[position - 1];
  }

  #forget(phase: HeldPhase): void {
    phase.cancelStopTimer();
    this.#staged?.drop(phase);
    this.#phases.splice(this.#phases.indexOf(phase), 1);
    this.#linkPhases();
  }

  /** All slots that become free in one turn of the event loop are refilled together, after the sockets' callbacks. */
  #requestTurn(): void {
    if (this.#isTurnRequested) return;
    this.#isTurnRequested = true;
    this.#timers.runSoon(() => {
      this.#isTurnRequested = false;
      this.#turn();
    });
  }

  #turn(): void {
    let isUrgent = false;
    let isIdle = true;
    let isShort = false;
    let hasUndated = false;
    for (const phase of this.#phases) {
      this.#sendReady(phase);
      if (phase.noticeLowLease()) isUrgent = true;
      if (phase.isShort) isShort = true;
      if (phase.hasUndated) hasUndated = true;
      if (phase.inFlight > 0 || phase.waitingCount > 0) isIdle = false;
    }
    this.#armPacer();
    if (hasUndated) this.#requestStaging();
    if (isUrgent || isIdle) this.#report();
    else this.#armReportTimer(isShort);
  }

  #sendReady(phase: HeldPhase): void {
    // A request that fails inside `send` frees its slot at once; counting first keeps this loop from running on for ever.
    for (let budget = phase.sendLimit; budget > 0; budget -= 1) {
      const now = this.#clock.now();
      if (now >= phase.stopSendingAtNs) {
        this.#close(phase);
        return;
      }
      const taken = phase.take(now);
      if (taken === undefined) return;
      const staged = this.#staged?.take(phase, taken.credit.id);
      if (staged === undefined) this.#send(taken.credit, taken.turnaroundNs);
      else staged.fire(taken.turnaroundNs);
    }
  }

  /** Requests for slots that are in use are made in turns of their own. */
  #requestStaging(): void {
    if (this.#staged === undefined || this.#isStagingRequested) return;
    this.#isStagingRequested = true;
    this.#timers.runSoon(() => {
      this.#isStagingRequested = false;
      if (this.#staged?.stageUpcoming(this.#phases) === true) this.#requestStaging();
    });
  }

  #close(phase: HeldPhase): void {
    phase.close();
    this.#staged?.drop(phase);
  }

  /** Whether a request was sent. The books are done after the write: with caches cold, they would take longer than all of the send. */
  #fireStaged(): boolean {
    const now = this.#clock.now();
    const staged = this.#staged?.takeDue(now);
    if (staged === undefined) return false;
    const { phase, credit, request } = staged;
    if (now >= phase.stopSendingAtNs || !phase.maySendDue(credit.id)) {
      request.drop();
      return false;
    }
    request.fire(Number.NaN);
    phase.takeDue(credit, now);
    return true;
  }

  #armPacer(): void {
    let wakeNs = Number.POSITIVE_INFINITY;
    for (const phase of this.#phases) {
      if (phase.nextWakeNs < wakeNs) wakeNs = phase.nextWakeNs;
    }
    if (wakeNs === Number.POSITIVE_INFINITY) this.#pacer.cancel();
    else this.#pacer.wakeAt(wakeNs, this.#onWake, this.#onNear);
  }

  #report(): void {
    this.#reportTimer.stop();
    if (this.#phases.some(hasNews)) this.onReturnsDue();
  }

  #armReportTimer(isShort: boolean): void {
    const hasReturns = this.#phases.some(({ pendingReturns }) => pendingReturns > 0);
    if (hasReturns) this.#reportTimer.arm(isShort ? SHORT_RETURN_INTERVAL_NS : RETURN_INTERVAL_NS);
    else if (this.#phases.some(hasNews)) this.#reportTimer.arm(SENT_REPORT_INTERVAL_NS);
  }
}

const hasNews = (phase: HeldPhase): boolean => phase.pendingReturns > 0 || phase.hasUnreportedSends;
