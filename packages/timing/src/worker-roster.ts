import type { WorkerReady } from './credit.ts';
import { TimingError } from './timing-error.ts';
import type { CancelTimer, Timers } from './timers.ts';

/** A worker that has announced itself, with its own limit of requests in flight (infinite: none). */
interface ReadyWorker {
  readonly id: string;
  readonly slotsMax: number;
}

/** Which workers of the run are there. Those that are lost stay away. */
export class WorkerRoster {
  readonly #timers: Timers;
  /** In the order of the plan; `undefined`: not announced yet. */
  readonly #workers: Map<string, ReadyWorker | undefined>;
  readonly #lostIds: string[] = [];
  #onChange: () => void = () => {};
  #abandonWait: (error: TimingError) => void = () => {};
  #cancelDeadline: CancelTimer = () => {};

  constructor(workerIds: readonly string[], timers: Timers) {
    this.#workers = new Map(workerIds.map((id) => [id, undefined]));
    this.#timers = timers;
  }

  /** Those that are ready. */
  get workers(): readonly ReadyWorker[] {
    return [...this.#workers.values()].filter((worker) => worker !== undefined);
  }

  /** Books a `wr` message; a worker that is not in the plan is refused. */
  markReady(workerId: string, payload: Uint8Array): void {
    if (!this.#workers.has(workerId)) {
      throw new TimingError('AIPERF_TIMING_PROTOCOL', `${workerId} is not a worker of this run`);
    }
    this.#workers.set(workerId, { id: workerId, slotsMax: readSlotsMax(payload) });
    this.#onChange();
  }

  remove(workerId: string): void {
    if (this.#workers.delete(workerId)) this.#lostIds.push(workerId);
    this.#onChange();
  }

  /** Resolves when every worker that is not lost is ready; fails with the names of those that are missing. */
  async whenAllReady(limitMs: number): Promise<void> {
    const ready = Promise.withResolvers<void>();
    this.#abandonWait = ready.reject;
    this.#onChange = () => {
      if (this.#workers.size === 0) {
        ready.reject(
          new TimingError('AIPERF_TIMING_PROTOCOL', `no worker is left; lost: ${this.#lostIds.join(', ') || 'none'}`),
        );
      } else if (this.#missingIds().length === 0) {
        ready.resolve();
      }
    };
    this.#cancelDeadline = this.#timers.startTimer(limitMs, () => {
      const missing = this.#missingIds().join(', ');
      ready.reject(
        new TimingError(
          'AIPERF_TIMING_TIMEOUT',
          `workers not ready for credits within ${limitMs / 1000} s: ${missing}`,
        ),
      );
    });
    this.#onChange();
    try {
      await ready.promise;
    } finally {
      this.dispose();
    }
  }

  /** Fails when the workers cannot have that many requests in flight together. */
  requireRoom(concurrency: number | null): void {
    const room = this.workers.reduce((sum, { slotsMax }) => sum + slotsMax, 0);
    if (concurrency === null || concurrency <= room) return;
    throw new TimingError(
      'AIPERF_TIMING_PLAN',
      `--concurrency ${concurrency} is more than the ${room} requests that ${this.workers.length} workers can have in flight; ` +
        'lower it or raise --workers-max',
    );
  }

  /** Ends a pending wait with an error. */
  dispose(): void {
    this.#abandonWait(new TimingError('AIPERF_TIMING_TIMEOUT', 'stopped while waiting for workers'));
    this.#cancelDeadline();
    this.#onChange = () => {};
  }

  #missingIds(): string[] {
    return [...this.#workers].filter(([, worker]) => worker === undefined).map(([id]) => id);
  }
}

function readSlotsMax(payload: Uint8Array): number {
  const ready = (payload.length === 0 ? {} : JSON.parse(Buffer.from(payload).toString())) as WorkerReady;
  const { slotsMax } = ready;
  if (slotsMax === undefined) return Number.POSITIVE_INFINITY;
  if (Number.isSafeInteger(slotsMax) && slotsMax >= 1) return slotsMax;
  throw new TimingError('AIPERF_TIMING_PROTOCOL', `slotsMax must be a whole number of at least 1, not ${slotsMax}`);
}
