import { setTimeout as sleep } from 'node:timers/promises';
import type { PullSocket, PushSocket, Service, ServiceContext } from '@aiperf/comms';
import type { RunPlan } from '@aiperf/config';
import type { TimingMessages } from '@aiperf/timing';
import { takeUntil, fromEvent, first } from 'rxjs';
import { BackgroundEngine } from './background-engine.ts';

/** What a worker has sent on is here within this. */
const QUIET_MS = 300;
const STOP_LIMIT_MS = 1_000;

/** How a record processor is placed. */
export interface RecordProcessorPlacement {
  /** The process does nothing else, so that it may give way to the host's other programs. */
  readonly ownsProcess: boolean;
}

/** Makes record processors: raw batches in, metric batches out. */
export function createRecordProcessor(
  placement: RecordProcessorPlacement,
): (context: ServiceContext<TimingMessages>) => Service<RunPlan> {
  return (context) => new RecordProcessorService(context, placement);
}

/** Moves batches between the sockets and the engine's thread, so that commands and heartbeats never wait for analysis. */
class RecordProcessorService implements Service<RunPlan> {
  readonly #context: ServiceContext<TimingMessages>;
  readonly #placement: RecordProcessorPlacement;
  readonly #raw: PullSocket;
  readonly #records: PushSocket;
  #engine: BackgroundEngine | undefined;
  /** The batch being processed; batches come one at a time. */
  #processing: Promise<void> = Promise.resolve();
  /** The send of the latest metric batch; the ones before it have ended. */
  #sending: Promise<void> = Promise.resolve();
  #batchCount = 0;
  #isLoadOver = false;
  #isStopped = false;

  constructor(context: ServiceContext<TimingMessages>, placement: RecordProcessorPlacement) {
    this.#context = context;
    this.#placement = placement;
    this.#raw = context.sockets.pull('raw_inference_proxy_backend');
    this.#records = context.sockets.push('records');
    context.bus
      .messages$('credits_complete')
      .pipe(first(), takeUntil(fromEvent(context.stopSignal, 'abort')))
      .subscribe({
        next: () => this.#hurry(),
        error: (error: unknown) => context.fail(toError(error)),
        complete: () => undefined,
      });
  }

  async configure(plan: RunPlan): Promise<void> {
    this.#raw.receive((frames) => {
      const [bytes] = frames;
      if (bytes === undefined || frames.length > 1) {
        // The rest of the run is still worth having.
        this.#context.log.error(`A batch of raw records cannot be read: expected one frame, found ${frames.length}`);
        return undefined;
      }
      this.#batchCount += 1;
      this.#processing = this.#startEngine(plan).process(bytes);
      return this.#processing;
    });
    // Its start takes a while, and what others leave over of the time before the load is enough for it.
    this.#startEngine(plan);
    await Promise.resolve();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when no more batches come and everything that came has been passed on. */
  async cancel(): Promise<void> {
    this.#hurry();
    let seenCount: number;
    do {
      seenCount = this.#batchCount;
      await this.#rest();
      await sleep(QUIET_MS);
    } while (this.#batchCount !== seenCount);
  }

  /** The results have been made by now. Whoever took the rows may be gone, and a send to nobody never ends. */
  async stop(): Promise<void> {
    const rest = this.#rest();
    rest.catch(() => undefined);
    await Promise.race([rest, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
    this.#isStopped = true;
    await this.#engine?.close();
  }

  #startEngine(plan: RunPlan): BackgroundEngine {
    if (this.#engine !== undefined) return this.#engine;
    const { log, serviceId } = this.#context;
    const fail = (error: unknown): void => this.#context.fail(toError(error));
    this.#engine = new BackgroundEngine({
      plan,
      recordProcessorId: serviceId,
      givesWay: this.#placement.ownsProcess,
      events: {
        metrics: (frames) => {
          this.#sending = this.#sending.then(() => this.#send(frames));
          this.#sending.catch(fail);
        },
        unreadable: (message) => log.error(`A batch of raw records cannot be read: ${message}`),
        failed: fail,
        tookOver: () =>
          log.info('The cores of this host are taken; the records that are left are processed at normal priority'),
      },
    });
    if (this.#isLoadOver) this.#engine.hurry();
    return this.#engine;
  }

  #hurry(): void {
    this.#isLoadOver = true;
    this.#engine?.hurry();
  }

  /** Everything that has come is processed and on its way. */
  async #rest(): Promise<void> {
    await this.#processing;
    await this.#engine?.drain();
    await this.#sending;
  }

  async #send(frames: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#records.send(frames);
    } catch (error) {
      // Given up by `stop`.
      if (!this.#isStopped) throw error;
    }
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
