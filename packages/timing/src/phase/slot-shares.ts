import { splitSlots } from '../apportion.ts';
import type { WorkerLedger } from '../worker-ledger.ts';
import type { PhaseWorker } from './phase-port.ts';

/** What one worker may have in flight; `null`: no limit. */
export interface SlotShare {
  readonly slots: number | null;
  readonly prefillSlots: number | null;
}

/** The limits of a phase, and each worker's share of them. */
export class SlotShares {
  concurrency: number | null;
  prefillConcurrency: number | null;
  /** The prefill concurrency when all of its ramp has been climbed. */
  readonly #lastPrefill: number | null;
  readonly #limits: ReadonlyMap<string, number>;
  readonly #tell: (workerId: string, share: SlotShare) => void;
  /** What each worker was told last. */
  readonly #told = new Map<string, SlotShare>();

  constructor(
    limits: { readonly concurrency: number | null; readonly prefillConcurrency: number | null },
    workers: readonly PhaseWorker[],
    tell: (workerId: string, share: SlotShare) => void,
  ) {
    this.concurrency = limits.concurrency;
    this.prefillConcurrency = limits.prefillConcurrency;
    this.#lastPrefill = limits.prefillConcurrency;
    this.#limits = new Map(workers.map(({ id, slotsMax }) => [id, slotsMax]));
    this.#tell = tell;
  }

  /** Splits the limits over the workers that still send, and tells those whose share has changed. */
  assign(workers: readonly WorkerLedger[]): void {
    const sending = workers.filter(({ isRetired }) => !isRetired);
    const limits = sending.map(({ id }) => this.#limits.get(id) ?? 0);
    const prefillShares = this.prefillConcurrency === null ? undefined : splitSlots(this.prefillConcurrency, limits);
    const lastPrefillShares = this.#lastPrefill === null ? undefined : splitSlots(this.#lastPrefill, limits);
    // Without a prefill slot a worker can send nothing, so it gets no sessions either. One that will get a prefill slot later has its share
    // of the sessions from the beginning: taken from another worker then, it would be in use at both.
    const usable = limits.map((limit, index) => (lastPrefillShares?.[index] === 0 ? 0 : limit));
    const shares = this.concurrency === null ? undefined : splitSlots(this.concurrency, usable);
    for (const [index, worker] of sending.entries()) {
      const slots = shares?.[index] ?? null;
      const prefillSlots = prefillShares?.[index] ?? null;
      const told = this.#told.get(worker.id);
      if (told?.slots === slots && told.prefillSlots === prefillSlots) continue;
      this.#told.set(worker.id, { slots, prefillSlots });
      worker.slots = prefillSlots === 0 ? 0 : slots;
      this.#tell(worker.id, { slots, prefillSlots });
    }
  }

  /** A worker that has stopped by itself keeps its slots until its last request has ended. True: slots are free for the others since. */
  takeFromRetired(workers: readonly WorkerLedger[]): boolean {
    return workers.filter(({ id, isRetired }) => isRetired && this.#told.delete(id)).length > 0;
  }
}
