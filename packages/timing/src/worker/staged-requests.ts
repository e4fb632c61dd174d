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
/** Requests that are staged for their due times. */
const MAX_DUE = 2;
/** Requests that are staged for slots which are still in use. */
const MAX_UPCOMING = 16;
/** Of these, as many as are made in one turn of the event loop: reads must not wait for long. */
const UPCOMING_PER_TURN = 4;

/**
 * Requests that are made before they may be sent, so that only the write is left to be done then: the two whose due times come next, which
 * may be a few microseconds apart, and those for the slots that become free next. Their credits go on waiting; whatever happens until then
 * happens to them as to others.
 */
export class StagedRequests {
  readonly #stage: (credit: Credit) => StagedRequest | undefined;
  /** Those with a due time in the order in which they are due, then the others in the order in which their credits leave. */
  #staged: Staged[] = [];

  constructor(stage: (credit: Credit) => StagedRequest | undefined) {
    this.#stage = stage;
  }

  /** Stages the requests whose due times come next. */
  stageDue(phases: Iterable<HeldPhase>, nowNs: number): void {
    let next: HeldPhase | undefined;
    for (const phase of phases) {
      if (phase.nextWakeNs < (next?.nextWakeNs ?? Number.POSITIVE_INFINITY)) next = phase;
    }
    for (const credit of next?.peekDue() ?? []) {
      const first = this.#firstDue;
      if (this.#dueCount === MAX_DUE || (first !== undefined && first.credit.dueNs - nowNs < MAKING_NS)) return;
      if (next === undefined || (first !== undefined && isFor(first, next, credit.id))) continue;
      if (!this.#add(next, credit, first !== undefined && isBefore(first.credit, credit) ? 1 : 0)) return;
    }
  }

  /** Stages some requests for slots in use; true: there are more of them. Not while two phases share the slots. */
  stageUpcoming(phases: Iterable<HeldPhase>): boolean {
    const [phase, other] = phases;
    if (phase === undefined || other !== undefined) return false;
    const limit = Math.min(MAX_UPCOMING, phase.sessionsInFlight);
    for (let count = 0; count < UPCOMING_PER_TURN; count += 1) {
      const upcomingCount = this.#staged.length - this.#dueCount;
      const credit = upcomingCount < limit ? phase.peekUndated(upcomingCount) : undefined;
      if (credit === undefined || !this.#add(phase, credit, this.#staged.length)) return false;
    }
    return true;
  }

  /** Hands over the first request whose due time has come. */
  takeDue(nowNs: number): Staged | undefined {
    const first = this.#firstDue;
    return first === undefined || nowNs < first.credit.dueNs ? undefined : this.#staged.shift();
  }

  /** Hands over the request of a credit that leaves now, if there is one. */
  take(phase: HeldPhase, creditId: number): StagedRequest | undefined {
    const index = this.#staged.findIndex((staged) => isFor(staged, phase, creditId));
    return index === -1 ? undefined : this.#staged.splice(index, 1)[0]?.request;
  }

  /** Gives up what is staged for a phase. */
  drop(phase: HeldPhase): void {
    for (const staged of this.#staged) if (staged.phase === phase) staged.request.drop();
    this.#staged = this.#staged.filter((staged) => staged.phase !== phase);
  }

  get #dueCount(): number {
    let count = 0;
    while (isDue(this.#staged[count])) count += 1;
    return count;
  }

  get #firstDue(): Staged | undefined {
    const [first] = this.#staged;
    return isDue(first) ? first : undefined;
  }

  /** False: it cannot be staged. */
  #add(phase: HeldPhase, credit: Credit, position: number): boolean {
    const request = this.#stage(credit);
    if (request !== undefined) this.#staged.splice(position, 0, { phase, credit, request });
    return request !== undefined;
  }
}

const isDue = (staged: Staged | undefined): boolean => staged !== undefined && !Number.isNaN(staged.credit.dueNs);

const isFor = (staged: Staged, phase: HeldPhase, creditId: number): boolean =>
  staged.credit.id === creditId && staged.phase === phase;

const isBefore = (a: Credit, b: Credit): boolean => a.dueNs < b.dueNs || (a.dueNs === b.dueNs && a.id < b.id);
