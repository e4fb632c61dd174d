import type { CreditIssuer } from '../credit-issuer.ts';
import { chooseWorker } from '../credit-router.ts';
import type { WorkerLedger } from '../worker-ledger.ts';
import type { Strategy } from './strategy.ts';

/** How far ahead credits leave. */
export interface OpenLoopTiming {
  /** Credits leave at most this long before they are due. */
  readonly horizonNs: number;
  /** Credits are granted in batches this far apart, so they leave at least `horizonNs - batchIntervalNs` early. */
  readonly batchIntervalNs: number;
}

/** On a host without an idle core a process can be held up for tens of milliseconds. */
export const USUAL_TIMING: OpenLoopTiming = { horizonNs: 250_000_000, batchIntervalNs: 50_000_000 };
/** Where later turns take arrivals too, they find those within the horizon given away: it is what they wait longer than they need. */
export const LATER_TURNS_TIMING: OpenLoopTiming = { horizonNs: 60_000_000, batchIntervalNs: 20_000_000 };
/** Sessions that a worker with a slot limit may hold beyond two for each slot. */
const HELD_MARGIN = 64;

/**
 * Open loop: due times come from a schedule and credits leave ahead of them, sessions to the least loaded worker, later turns to the worker
 * of their session. With a slot limit and a server that is too slow, sessions that are overdue wait here rather than in ever growing
 * queues at the workers.
 */
export class OpenLoopStrategy implements Strategy {
  readonly #issuer: CreditIssuer;
  readonly #timing: OpenLoopTiming;
  #nextBatchNs = Number.NEGATIVE_INFINITY;
  #turn = 0;

  constructor(issuer: CreditIssuer, timing: OpenLoopTiming = USUAL_TIMING) {
    this.#issuer = issuer;
    this.#timing = timing;
  }

  step(nowNs: number): number {
    if (nowNs < this.#nextBatchNs) return this.#nextBatchNs;
    const { horizonNs, batchIntervalNs } = this.#timing;
    const issuer = this.#issuer;
    this.#grantToIdle(nowNs);
    const isHeldUp = this.#grantSessions(nowNs);
    // A session that came back finds no slot while those that hold the slots find no request.
    while (this.#hasIdle(nowNs) && issuer.ledger.requestsLeft === 0 && issuer.ledger.dissolveReturned())
      this.#grantToIdle(nowNs);
    issuer.flush(nowNs);
    const readyNs = issuer.ledger.idleReadyNs ?? Number.POSITIVE_INFINITY;
    const dueNs = issuer.peekDueNs() ?? Number.POSITIVE_INFINITY;
    if (isHeldUp) return nowNs + batchIntervalNs;
    const nextNs = Math.min(readyNs, dueNs);
    if (nextNs === Number.POSITIVE_INFINITY) return nextNs;
    const nextBatchNs = Math.max(nowNs + batchIntervalNs, nextNs - horizonNs);
    // A report may make room, or bring a turn that is ready earlier, so it must not be put off.
    if (!issuer.hasLaterDueTimes) this.#nextBatchNs = nextBatchNs;
    return nextBatchNs;
  }

  #hasIdle(nowNs: number): boolean {
    const readyNs = this.#issuer.ledger.idleReadyNs;
    return readyNs !== undefined && readyNs <= nowNs + this.#timing.horizonNs;
  }

  #grantToIdle(nowNs: number): void {
    while (this.#issuer.ledger.requestsLeft > 0 && this.#hasIdle(nowNs)) this.#issuer.grantIdleSession(nowNs);
  }

  /** True: a session that should leave has found no worker with room. */
  #grantSessions(nowNs: number): boolean {
    const issuer = this.#issuer;
    const openWorkers = issuer.ledger.openWorkers;
    const hasRoom = (worker: WorkerLedger): boolean =>
      isNotFull(worker) && issuer.safeRequestsLeft(worker) >= (issuer.ledger.returnedCount > 0 ? 0 : 1);
    for (let dueNs = issuer.peekDueNs(); dueNs !== undefined; dueNs = issuer.peekDueNs()) {
      if (dueNs > nowNs + this.#timing.horizonNs) return false;
      const worker = chooseWorker(openWorkers.filter(hasRoom), undefined, this.#turn);
      if (worker === undefined) return true;
      if (!issuer.grantSession(worker, nowNs, undefined, issuer.safeRequestsLeft(worker))) return false;
      this.#turn += 1;
    }
    return false;
  }
}

const isNotFull = ({ slots, waitingSessionCount }: WorkerLedger): boolean =>
  slots === null || (slots !== 0 && waitingSessionCount < 2 * slots + HELD_MARGIN);
