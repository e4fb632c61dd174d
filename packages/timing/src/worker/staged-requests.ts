import type { Credit } from '../credit.ts';
import type { HeldPhase } from './held-phase.ts';

/** A request that is complete but for its sending. */
export interface StagedRequest {
  /** Sends it. Its end is not told before this returns. `turnaroundNs` is as for a request that was not staged. */
  fire(turnaroundNs: number): void;
  /** Gives it up. Its credit may be sent the usual way later on. */
  drop(): void;
}

/** A staged request, and whose it is. */
export interface Staged {
  readonly phase: HeldPhase;
  /** Still among those that wait in its phase, which alone says what becomes of it. */
  readonly credit: Credit;
  readonly request: StagedRequest;
}

/** Requests that are made for slots which are still in use. */
const MAX_UPCOMING = 16;
/** Of these, as many as are made in one turn of the event loop: reads must not wait for long. */
const UPCOMING_PER_TURN = 4;

/**
 * Requests that were made before they may be sent, so that only the write is left to be done then: the one whose due time comes next, and
 * those for the slots that become free next. Their credits go on waiting; whatever happens until then happens to them as to others.
 */
export class StagedRequests {
  readonly #stage: (credit: Credit) => StagedRequest | undefined;
  #due: Staged | undefined;
  /** In the order in which their credits leave. */
  #upcoming: Staged[] = [];

  constructor(stage: (credit: Credit) => StagedRequest | undefined) {
    this.#stage = stage;
  }

  /** Makes the request whose due time comes next. */
  stageDue(phases: Iterable<HeldPhase>): void {
    if (this.#due !== undefined) return;
    let next: HeldPhase | undefined;
    for (const phase of phases) {
      if (phase.nextWakeNs < (next?.nextWakeNs ?? Number.POSITIVE_INFINITY)) next = phase;
    }
    const credit = next?.peekDue();
    if (next === undefined || credit === undefined || credit.dueNs >= next.stopSendingAtNs) return;
    const request = this.#stage(credit);
    if (request !== undefined) this.#due = { phase: next, credit, request };
  }

  /** Makes some requests for slots in use; true: there are more to be made. Not while two phases share the slots. */
  stageUpcoming(phases: Iterable<HeldPhase>): boolean {
    const [phase, other] = phases;
    if (phase === undefined || other !== undefined) return false;
    const limit = Math.min(MAX_UPCOMING, phase.sessionsInFlight);
    for (let count = 0; count < UPCOMING_PER_TURN; count += 1) {
      if (this.#upcoming.length >= limit) return false;
      const credit = phase.peekUndated(this.#upcoming.length);
      const request = credit === undefined ? undefined : this.#stage(credit);
      if (credit === undefined || request === undefined) return false;
      this.#upcoming.push({ phase, credit, request });
    }
    return true;
  }

  /** Hands over the request with a due time if that has come. */
  takeDue(nowNs: number): Staged | undefined {
    const due = this.#due;
    if (due === undefined || nowNs < due.credit.dueNs) return undefined;
    this.#due = undefined;
    return due;
  }

  /** Hands over the request of a credit that leaves now, if there is one. */
  take(phase: HeldPhase, creditId: number): StagedRequest | undefined {
    const [next] = this.#upcoming;
    if (next !== undefined && isFor(next, phase, creditId)) {
      this.#upcoming.shift();
      return next.request;
    }
    const due = this.#due;
    if (due === undefined || !isFor(due, phase, creditId)) return undefined;
    this.#due = undefined;
    return due.request;
  }

  /** Gives up what is staged for a phase. */
  drop(phase: HeldPhase): void {
    if (this.#due?.phase === phase) {
      this.#due.request.drop();
      this.#due = undefined;
    }
    if (this.#upcoming[0]?.phase === phase) {
      for (const { request } of this.#upcoming) request.drop();
      this.#upcoming = [];
    }
  }
}

function isFor(staged: Staged, phase: HeldPhase, creditId: number): boolean {
  return staged.credit.id === creditId && staged.phase === phase;
}
