import { stat } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { RunPlan } from '@aiperf/config';
import { encodePlan } from '@aiperf/config/plan';
import type { EngineCall, EngineNews, EngineThreadData } from './engine-thread.ts';
import { readKernelStat, LOWEST_NICENESS, setSessionNiceness } from '@aiperf/host';
import type { MetricBatch } from './metric-batch.ts';
import { MetricsError } from './metrics-error.ts';
import type { Progress } from './record-engine.ts';

/** By then a thread has started, which a run of a single request waits for, and the session gives way to the load. */
const STARTED_MS = 400;
/** An unprivileged process may try again so much later. */
const SESSION_RETRY_MS = 100;
const WATCH_INTERVAL_MS = 500;
/** A thread with work that gets less of a core than this, twice in a row, is starved by others on this host. */
const MIN_CPU_RATIO = 0.2;
const STARVED_LOOKS = 2;
/** Length of a kernel clock tick in `/proc`, the same on every Linux platform. */
const TICK_MS = 10;
/** V8 would double it after some 500,000 records, though what a batch leaves is garbage as soon as before. */
const YOUNG_GENERATION_MIB = 48;

/** Who listens to an engine. */
export interface BackgroundEngineEvents {
  metrics(batch: MetricBatch): void;
  unreadable(message: string): void;
  failed(error: Error): void;
  /** The background thread was given up for one of normal priority. */
  tookOver(): void;
}

/** How a background engine runs. */
export interface BackgroundEngineOptions {
  readonly plan: RunPlan;
  readonly recordProcessorId: string;
  readonly events: BackgroundEngineEvents;
  /** The thread, and this process's session, run on what others leave over. Default true; not in a process that does other work, too. */
  readonly givesWay?: boolean;
  /** Milliseconds on a CPU of a thread of this process; `undefined`: cannot be told. Tests starve a thread with it. */
  readonly threadCpuMs?: (threadId: number) => number | undefined;
  /** How often the thread is looked at after the load; default 500. */
  readonly watchIntervalMs?: number;
}

interface Pending {
  readonly bytes: Uint8Array;
  readonly taken: PromiseWithResolvers<void>;
}

/**
 * A `RecordEngine` in a thread that only runs on what the rest of the host leaves over, so that analysis never costs the load anything.
 *
 * Such a thread may get next to nothing while others keep every core busy, and it cannot be raised again. After the load, when its work is
 * waited for, a starved thread is therefore given up, and a thread of normal priority does what it had not handed out. Raw batches are kept
 * until all their rows have come out, and nothing from the old thread counts any more, so no row is lost or comes twice.
 */
export class BackgroundEngine {
  readonly #options: BackgroundEngineOptions;
  /** Batches whose rows have not all come out, by number, ascending. */
  readonly #pending = new Map<number, Pending>();
  #progress: Progress = { number: 0, rows: 0 };
  #nextNumber = 0;
  #thread: Worker;
  /** `undefined`: it has not told yet. */
  #threadId: number | undefined;
  #isHurried = false;
  /** False for a thread of normal priority. */
  #hasGivenWay: boolean;
  #sessionTimer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: BackgroundEngineOptions) {
    this.#options = options;
    this.#hasGivenWay = options.givesWay ?? true;
    // libuv's threads have the class of the thread that first needs them, and every thread of the process uses them.
    if (this.#hasGivenWay) stat('.', () => undefined);
    this.#thread = this.#startThread(this.#hasGivenWay);
    if (this.#hasGivenWay) this.#shareCores(LOWEST_NICENESS, STARTED_MS);
  }

  /** Resolves when the batch's rows have been computed; those that wait for company come out within 250 ms, at once after {@link hurry}. */
  process(bytes: Uint8Array): Promise<void> {
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    const taken = Promise.withResolvers<void>();
    this.#pending.set(number, { bytes, taken });
    this.#call({ kind: 'batch', number, bytes, firstRow: 0 });
    return taken.promise;
  }

  /** Resolves when every row of the batches so far has come out. */
  async drain(): Promise<void> {
    while (this.#pending.size > 0) {
      await Promise.all([...this.#pending.values()].map(({ taken }) => taken.promise));
      if (this.#pending.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The load is over: what is left is waited for. */
  hurry(): void {
    if (this.#isHurried) return;
    this.#isHurried = true;
    this.#call({ kind: 'hurry' });
    if (this.#options.givesWay === false) return;
    this.#shareCores(0, 0);
    this.#watchThread();
  }

  async close(): Promise<void> {
    clearTimeout(this.#sessionTimer);
    clearInterval(this.#watch);
    this.#thread.removeAllListeners();
    await this.#thread.terminate();
  }

  /** With consent only: where the kernel shares cores between sessions, programs of other sessions have more or less for it. */
  #shareCores(sessionNiceness: number, inMs: number): void {
    if (this.#options.plan.config.service.hostTuning === 'off') return;
    clearTimeout(this.#sessionTimer);
    this.#sessionTimer = setTimeout(() => {
      if (!setSessionNiceness(sessionNiceness)) this.#shareCores(sessionNiceness, SESSION_RETRY_MS);
    }, inMs).unref();
  }

  #startThread(isBackground: boolean): Worker {
    const { plan, recordProcessorId, events } = this.#options;
    const workerData: EngineThreadData = { plan: encodePlan(plan), recordProcessorId, isBackground };
    const isSource = import.meta.url.endsWith('.ts');
    const path = fileURLToPath(new URL(`engine-thread.${isSource ? 'ts' : 'js'}`, import.meta.url));
    const thread = new Worker(path, {
      workerData,
      execArgv: isSource ? ['-C', '@aiperf/source'] : [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
    });
    thread.on('message', (news: EngineNews) => this.#receive(news));
    thread.on('error', (error) => events.failed(error));
    return thread;
  }

  #call(call: EngineCall): void {
    this.#thread.postMessage(call, []);
  }

  #receive(news: EngineNews): void {
    const { events } = this.#options;
    switch (news.kind) {
      case 'started':
        this.#threadId = news.threadId;
        if (news.threadId === undefined) this.#hasGivenWay = false;
        break;
      case 'taken':
        this.#pending.get(news.number)?.taken.resolve();
        if (!news.hasWaitingRows) this.#advance({ number: news.number + 1, rows: 0 });
        break;
      case 'metrics':
        this.#advance(news.progress);
        events.metrics(news.batch);
        break;
      case 'unreadable':
        events.unreadable(news.message);
        break;
      case 'failed':
        events.failed(new MetricsError('AIPERF_METRICS_ENGINE', news.message));
        break;
    }
  }

  #advance(progress: Progress): void {
    this.#progress = progress;
    for (const [number, { taken }] of this.#pending) {
      if (number >= progress.number) break;
      taken.resolve();
      this.#pending.delete(number);
    }
  }

  #watchThread(): void {
    const { threadCpuMs = readThreadCpuMs, watchIntervalMs = WATCH_INTERVAL_MS } = this.#options;
    const read = (): number | undefined => (this.#threadId === undefined ? undefined : threadCpuMs(this.#threadId));
    let lastCpuMs = read() ?? 0;
    let lastMs = performance.now();
    let starvedCount = 0;
    this.#watch = setInterval(() => {
      // A thread that has not told its number has hardly run.
      const cpuMs = read() ?? 0;
      const nowMs = performance.now();
      const isStarved =
        this.#hasGivenWay && this.#pending.size > 0 && cpuMs - lastCpuMs < MIN_CPU_RATIO * (nowMs - lastMs);
      starvedCount = isStarved ? starvedCount + 1 : 0;
      lastCpuMs = cpuMs;
      lastMs = nowMs;
      if (starvedCount < STARVED_LOOKS) return;
      clearInterval(this.#watch);
      this.#takeOver();
    }, watchIntervalMs);
    this.#watch.unref();
  }

  #takeOver(): void {
    this.#thread.removeAllListeners();
    // Ends when it next gets a core; nobody waits for it.
    this.#thread.terminate().catch(() => undefined);
    this.#hasGivenWay = false;
    this.#thread = this.#startThread(false);
    this.#options.events.tookOver();
    this.#call({ kind: 'hurry' });
    for (const [number, { bytes }] of this.#pending) {
      const firstRow = number === this.#progress.number ? this.#progress.rows : 0;
      this.#call({ kind: 'batch', number, bytes, firstRow });
    }
  }
}

/** From `/proc`, where there is one. */
function readThreadCpuMs(threadId: number): number | undefined {
  try {
    const fields = readKernelStat(`/proc/self/task/${threadId}/stat`);
    // User and system time are the 14th and 15th field.
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}
