import { apportion } from '../apportion.ts';
import type { CreditIssuer } from '../credit-issuer.ts';
import type { WorkerLedger } from '../worker-ledger.ts';
import type { Strategy } from './strategy.ts';

/** A lease lasts about this long at the rate at which the worker's sessions end: many round trips, yet small beside the phase. */
const LEASE_SEC = 0.15;

/**
 * Closed loop: every worker holds enough sessions ahead that a slot never waits for a message. The lease covers the free slots and, ahead
 * of them, 150 ms of work but at least one session a slot. Towards the end it is at most half of the worker's share of what is left, so
 * that the workers run out together.
 */
export class ConcurrencyStrategy implements Strategy {
  readonly #issuer: CreditIssuer;

  constructor(issuer: CreditIssuer) {
    this.#issuer = issuer;
  }

  step(nowNs: number): number {
    const available = this.#issuer.sessionsLeftMax;
    const workers = this.#issuer.openWorkers.filter(({ slots }) => slots !== null && slots > 0);
    if (available > 0 && workers.length > 0) this.#topUp(workers, available, nowNs);
    return Number.POSITIVE_INFINITY;
  }

  #topUp(workers: readonly WorkerLedger[], available: number, nowNs: number): void {
    const unstarted = this.#issuer.sessionsLeftLikely + this.#issuer.waitingSessionCount;
    const slotSum = workers.reduce((sum, worker) => sum + (worker.slots ?? 0), 0);
    // A slot that is free now comes before any session held ahead.
    const needs = workers.map((worker) => Math.max(0, freeSlots(worker) - worker.waitingSessionCount));
    const extras = workers.map((worker, index) => {
      const slots = worker.slots ?? 0;
      const fairShare = Math.ceil((unstarted * slots) / slotSum / 2);
      const ahead = Math.min(Math.max(slots, Math.ceil(worker.endedPerSec * LEASE_SEC)), fairShare);
      const target = freeSlots(worker) + ahead;
      const isLow = worker.waitingSessionCount * 4 <= target * 3;
      return isLow ? Math.max(0, target - worker.waitingSessionCount - (needs[index] ?? 0)) : 0;
    });
    const grantedNeeds = limitSum(needs, available);
    const grantedExtras = limitSum(extras, available - sum(grantedNeeds));
    // Needs first: what the sessions take that are long may be missing at the end.
    for (const counts of [grantedNeeds, grantedExtras]) {
      workers.forEach((worker, index) => {
        for (let left = counts[index] ?? 0; left > 0; left -= 1) if (!this.#issuer.grantSession(worker, nowNs)) break;
      });
    }
    this.#issuer.flush(nowNs);
  }
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const freeSlots = (worker: WorkerLedger): number => Math.max(0, (worker.slots ?? 0) - worker.sessionsInFlight);

function limitSum(wanted: readonly number[], limit: number): readonly number[] {
  return sum(wanted) <= limit ? wanted : apportion(limit, wanted);
}
