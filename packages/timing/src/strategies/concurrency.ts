import { apportion } from '../apportion.ts';
import { TURN_LEAD_NS } from '../credit-issuer.ts';
import type { CreditIssuer } from '../credit-issuer.ts';
import type { WorkerLedger } from '../worker-ledger.ts';
import type { Strategy } from './strategy.ts';

/** A lease lasts about this long at the rate at which the worker's sessions end: many round trips, yet small beside the phase. */
const LEASE_SEC = 0.15;

/**
 * Closed loop: every worker holds enough ahead that a slot never waits for a message, and near the end of a request count no slot idles
 * while another holds what it could send.
 *
 * - Sessions: the lease covers the free slots and, ahead of them, 150 ms of work but at least one session a slot.
 * - Turns: with a request count, a session is granted turns ahead of the one it is at, and more when it comes to the last of them.
 *
 * Both are at most half of the worker's, or the slot's, share of what is left. What was granted ahead to slots that turn out slow is
 * recalled when others have nothing to send.
 */
export class ConcurrencyStrategy implements Strategy {
  readonly #issuer: CreditIssuer;
  /** Slots of the phase, when all of its ramp has been climbed. */
  readonly #concurrency: number;

  constructor(issuer: CreditIssuer, concurrency: number) {
    this.#issuer = issuer;
    this.#concurrency = concurrency;
  }

  step(nowNs: number): number {
    const issuer = this.#issuer;
    const low = issuer.takeLow();
    const workers = issuer.ledger.openWorkers.filter(({ slots }) => slots !== null && slots > 0);
    this.#grantToIdle(nowNs);
    // A slot that is free now comes before anything held ahead.
    this.#grantSessions(workers, nowNs, (worker) => freeSlots(worker) - worker.waitingSessionCount);
    while (this.#hasIdle(nowNs) && issuer.ledger.requestsLeft === 0 && issuer.ledger.dissolveReturned())
      this.#grantToIdle(nowNs);
    for (const row of low) issuer.grantAhead(row, this.#turnsAhead);
    this.#grantAhead(workers, nowNs);
    issuer.flush(nowNs);
    this.#recall(workers, nowNs);
    const readyNs = issuer.ledger.idleReadyNs ?? Number.POSITIVE_INFINITY;
    // One that is ready already waits for a request, which a report brings.
    return readyNs <= nowNs + TURN_LEAD_NS ? Number.POSITIVE_INFINITY : readyNs - TURN_LEAD_NS;
  }

  /** Turns that a session may hold beyond the one it is at. */
  get #turnsAhead(): number {
    return Math.floor(this.#issuer.ledger.requestsLeft / this.#concurrency / 2);
  }

  #hasIdle(nowNs: number): boolean {
    const readyNs = this.#issuer.ledger.idleReadyNs;
    return readyNs !== undefined && readyNs <= nowNs + TURN_LEAD_NS;
  }

  #grantToIdle(nowNs: number): void {
    while (this.#issuer.ledger.requestsLeft > 0 && this.#hasIdle(nowNs))
      this.#issuer.grantIdleSession(nowNs, this.#turnsAhead);
  }

  #grantSessions(workers: readonly WorkerLedger[], nowNs: number, wantedOf: (worker: WorkerLedger) => number): void {
    const available = this.#issuer.sessionsLeftMax;
    if (available === 0) return;
    const wanted = workers.map((worker) => Math.max(0, wantedOf(worker)));
    const counts = sum(wanted) <= available ? wanted : apportion(available, wanted);
    for (const [index, worker] of workers.entries()) {
      for (let left = counts[index] ?? 0; left > 0; left -= 1) {
        if (!this.#issuer.grantSession(worker, nowNs, this.#turnsAhead)) return;
      }
    }
  }

  #grantAhead(workers: readonly WorkerLedger[], nowNs: number): void {
    const unstarted = this.#issuer.sessionsLeftLikely + sum(workers.map(heldSessions));
    const slotSum = sum(workers.map(({ slots }) => slots ?? 0));
    this.#grantSessions(workers, nowNs, (worker) => {
      const slots = worker.slots ?? 0;
      const fairShare = Math.ceil((unstarted * slots) / slotSum / 2);
      const ahead = Math.min(Math.max(slots, Math.ceil(worker.endedPerSec * LEASE_SEC)), fairShare);
      const held = heldSessions(worker);
      return held * 4 <= ahead * 3 ? ahead - held : 0;
    });
  }

  /** Where slots have nothing to send while credits wait elsewhere for others that are in use. */
  #recall(workers: readonly WorkerLedger[], nowNs: number): void {
    const issuer = this.#issuer;
    const hasFreeSlot = workers.some((worker) => worker.sessionCount < (worker.slots ?? 0));
    const areSessionsWanted = hasFreeSlot && issuer.sessionsLeftMax === 0;
    const areTurnsWanted =
      issuer.ledger.requestsLeft === 0 && (this.#hasIdle(nowNs) || (hasFreeSlot && issuer.mayBeginSessions));
    if (!areSessionsWanted && !areTurnsWanted) return;
    for (const worker of workers) {
      const hasSessionsAhead = worker.sessionCount > (worker.slots ?? 0);
      if (hasSessionsAhead || (areTurnsWanted && worker.aheadCount > 0)) issuer.recall(worker, areTurnsWanted);
    }
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const freeSlots = (worker: WorkerLedger): number => Math.max(0, (worker.slots ?? 0) - worker.sessionsInFlight);

/** Sessions that wait there for slots that are in use. */
const heldSessions = (worker: WorkerLedger): number => Math.max(0, worker.waitingSessionCount - freeSlots(worker));
