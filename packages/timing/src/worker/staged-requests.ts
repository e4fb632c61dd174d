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

/** Making a request takes a third of this at most; one that is ready must not wait for it. */
const MAKING_NS = 50_000;
/** Requests that are made for slots which are still in use. */
const MAX_UPCOMING = 16;
/** Of these, as many as are made in one turn of the event loop: reads must not wait for long. */
const UPCOMING_PER_TURN = 4;

/**
 * Requests that were made before they may be sent, so that only the write is left to be done then: the two whose due times come next, which
 * may be a few microseconds apart, and those for the slots that become free next. Their credits go on waiting; whatever happens until then
 * happens to them as to others.
 */
export class StagedRequests {
  readonly #stage: (credit: Credit) => StagedRequest | undefined;
  /** Two at most, in the order in which they are due. */
  #due: Staged[] = [];
  /** In the order in which their credits leave. */
  #upcoming: Staged[] = [];

  constructor(stage: (credit: Credit) => StagedRequest | undefined) {
    this.#stage = stage;
  }

  /** Makes the requests whose due times come next. */
  stageDue(phases: Iterable<HeldPhase>, nowNs: number): void {
    let next: HeldPhase | undefined;
    for (const phase of phases) {
      if (phase.nextWakeNs < (next?.nextWakeNs ?? Number.POSITIVE_INFINITY)) next = phase;
    }
    if (next === undefined) return;
    for (const credit of next.peekDue()) {
      const [first] = this.#due;
      if (this.#due.length === 2 || (first !== undefined && first.credit.dueNs - nowNs < MAKING_NS)) return;
      if (first !== undefined && isFor(first, next, credit.id)) continue;
      const request = this.#stage(credit);
      if (request === undefined) return;
      this.#due.push({ phase: next, credit, request });
      this.#due.sort((a, b) => a.credit.dueNs - b.credit.dueNs || a.credit.id - b.credit.id);
    }
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

  /** Hands over the first request whose due time has come. */
  takeDue(nowNs: number): Staged | undefined {
    const [first] = this.#due;
    if (first === undefined || nowNs < first.credit.dueNs) return undefined;
    this.#due.shift();
    return first;
  }

  /** Hands over the request of a credit that leaves now, if there is one. */
  take(phase: HeldPhase, creditId: number): StagedRequest | undefined {
    const [next] = this.#upcoming;
    if (next !== undefined && isFor(next, phase, creditId)) {
      this.#upcoming.shift();
      return next.request;
    }
    const index = this.#due.findIndex((due) => isFor(due, phase, creditId));
    return index === -1 ? undefined : this.#due.splice(index, 1)[0]?.request;
  }

  /** Gives up what is staged for a phase. */
  drop(phase: HeldPhase): void {
    for (const due of this.#due) if (due.phase === phase) due.request.drop();
    this.#due = this.#due.filter((due) => due.phase !== phase);
    if (this.#upcoming[0]?.phase === phase) {
      for (const { request } of this.#upcoming) request.drop();
      this.#upcoming = [];
    }
  }
}

function isFor(staged: Staged, phase: HeldPhase, creditId: number): boolean {
  return staged.credit.id === creditId && staged.phase === phase;
}
