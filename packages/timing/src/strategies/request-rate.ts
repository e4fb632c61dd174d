import type { CreditIssuer } from '../credit-issuer.ts';
import { chooseWorker } from '../credit-router.ts';
import type { IssuedCredit, WorkerLedger } from '../worker-ledger.ts';
import type { Strategy } from './strategy.ts';

/** Credits leave at most this long before they are due: on a host without an idle core a process can be held up for tens of milliseconds. */
const HORIZON_NS = 250_000_000;
/** Credits are granted in batches this far apart, so they leave 200 to 250 ms early. */
const BATCH_INTERVAL_NS = 50_000_000;
/** Credits that a worker with a slot limit may hold beyond two for each slot. */
const HELD_MARGIN = 64;

/**
 * Open loop: due times come from the schedule and credits leave ahead of them, each to the least loaded worker. With a slot limit and a
 * server that is too slow, credits that are overdue wait here rather than in ever growing queues at the workers.
 */
export class RequestRateStrategy implements Strategy {
  readonly #issuer: CreditIssuer;
  #nextBatchNs = Number.NEGATIVE_INFINITY;
  #turn = 0;

  constructor(issuer: CreditIssuer) {
    this.#issuer = issuer;
  }

  step(nowNs: number): number {
    if (nowNs < this.#nextBatchNs) return this.#nextBatchNs;
    const batches = new Map<WorkerLedger, IssuedCredit[]>();
    let dueNs = this.#issuer.peekDueNs();
    let isHeldUp = false;
    const loads = this.#issuer.openWorkers.map((worker) => new Load(worker));
    while (dueNs !== undefined && dueNs <= nowNs + HORIZON_NS) {
      const load = chooseWorker(
        loads.filter((load) => load.hasRoom),
        undefined,
        this.#turn,
      );
      if (load === undefined) {
        isHeldUp = true;
        break;
      }
      const credit = this.#issuer.take();
      if (credit === undefined) break;
      load.outstandingCount += 1;
      this.#turn += 1;
      const batch = batches.get(load.worker);
      if (batch === undefined) batches.set(load.worker, [credit]);
      else batch.push(credit);
      dueNs = this.#issuer.peekDueNs();
    }
    for (const [worker, credits] of batches) this.#issuer.grant(worker, credits, nowNs);
    if (dueNs === undefined) return Number.POSITIVE_INFINITY;
    // Held up: the next report may make room, so it must not be put off.
    if (isHeldUp) return nowNs + BATCH_INTERVAL_NS;
    this.#nextBatchNs = Math.max(nowNs + BATCH_INTERVAL_NS, dueNs - HORIZON_NS);
    return this.#nextBatchNs;
  }
}

/** A worker's load while a batch is put together, before the batch is booked. */
class Load {
  readonly worker: WorkerLedger;
  readonly slots: number | null;
  readonly #heldLimit: number;
  readonly #unsentCount: number;
  readonly #outstandingBefore: number;
  outstandingCount: number;

  constructor(worker: WorkerLedger) {
    this.worker = worker;
    this.slots = worker.slots;
    this.#heldLimit = worker.slots === null ? Number.POSITIVE_INFINITY : 2 * worker.slots + HELD_MARGIN;
    this.#unsentCount = worker.unsentCount;
    this.#outstandingBefore = worker.outstandingCount;
    this.outstandingCount = worker.outstandingCount;
  }

  get id(): string {
    return this.worker.id;
  }

  get hasRoom(): boolean {
    return this.slots !== 0 && this.#unsentCount + this.outstandingCount - this.#outstandingBefore < this.#heldLimit;
  }
}
