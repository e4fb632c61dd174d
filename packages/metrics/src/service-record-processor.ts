import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { PullSocket, PushSocket, Service, ServiceContext } from '@aiperf/comms';
import type { RunPlan } from '@aiperf/config';
import { loadTokenizer, openDatasetStore, type DatasetStore } from '@aiperf/dataset';
import { planPhases, type TimingMessages } from '@aiperf/timing';
import { createRawBatchDecoder, createRequestIds, endpointOf, type RawBatchReader } from '@aiperf/transport';
import { takeUntil, fromEvent, first } from 'rxjs';
import { encodeMetricBatch } from './metric-batch.ts';
import { metricModeOf } from './metric-mode.ts';
import { createMetricSet } from './metric-set.ts';
import { MetricsError } from './metrics-error.ts';
import { RecordProcessor } from './record-processor.ts';

/** Longest stretch of work between two turns of the event loop, so that heartbeats and commands are served. */
const SLICE_MS = 10;
/** While the load runs, small batches are put together: a message has some kilobytes whatever its number of rows. */
const MAX_WAIT_MS = 250;
const MAX_WAITING_ROWS = 2048;
/** What a worker has sent on is here within this. */
const QUIET_MS = 300;
const STOP_LIMIT_MS = 1_000;

/** How a record processor runs. */
export interface RecordProcessorServiceOptions {
  /**
   * Nice value of the process, -20 (first) to 19 (last), so that workers, whose stamps are the product, go first. Default 10; `null` leaves
   * it alone, for a service that shares its process.
   */
  readonly niceness?: number | null;
}

/** Makes record processors: raw batches in, metric batches out. */
export function createRecordProcessor(
  options: RecordProcessorServiceOptions = {},
): (context: ServiceContext<TimingMessages>) => Service<RunPlan> {
  return (context) => new RecordProcessorService(context, options);
}

/** What is made while the load begins: before it somebody would wait for it, and the first batch after a short load would. */
interface Engine {
  readonly decode: (bytes: Uint8Array) => RawBatchReader;
  readonly processor: RecordProcessor;
  readonly store: DatasetStore;
}

class RecordProcessorService implements Service<RunPlan> {
  readonly #context: ServiceContext<TimingMessages>;
  readonly #niceness: number | null;
  readonly #raw: PullSocket;
  readonly #records: PushSocket;
  #plan: RunPlan | undefined;
  #engine: Engine | undefined;
  #loading: Promise<Engine> | undefined;
  /** The batch being processed; batches come one at a time. */
  #processing: Promise<void> = Promise.resolve();
  #batchCount = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #isLoadOver = false;
  #isStopped = false;

  constructor(context: ServiceContext<TimingMessages>, { niceness = 10 }: RecordProcessorServiceOptions) {
    this.#context = context;
    this.#niceness = niceness;
    this.#raw = context.sockets.pull('raw_inference_proxy_backend');
    this.#records = context.sockets.push('records');
    context.bus
      .messages$('credits_complete')
      .pipe(first(), takeUntil(fromEvent(context.stopSignal, 'abort')))
      .subscribe({
        next: () => {
          // What is left is waited for: rows go out as soon as they are there.
          this.#isLoadOver = true;
          this.#flush().catch((error: unknown) => context.fail(toError(error)));
        },
        error: (error: unknown) => context.fail(toError(error)),
        complete: () => undefined,
      });
  }

  async configure(plan: RunPlan): Promise<void> {
    this.#lowerPriority();
    this.#plan = plan;
    this.#raw.receive((frames) => {
      this.#batchCount += 1;
      this.#processing = this.#process(plan, frames);
      return this.#processing;
    });
    await Promise.resolve();
  }

  async start(): Promise<void> {
    // Only a tokenizer takes long. When it fails now, it does so again when the first batch needs it, and that tells.
    const plan = this.#plan;
    if (plan?.config.endpoint.useServerTokenCount === false) this.#loadEngine(plan).catch(() => undefined);
    await Promise.resolve();
  }

  /** Resolves when no more batches come and everything that came has been passed on. */
  async cancel(): Promise<void> {
    this.#isLoadOver = true;
    let seenCount: number;
    do {
      seenCount = this.#batchCount;
      await this.#processing;
      await this.#flush();
      await sleep(QUIET_MS);
    } while (this.#batchCount !== seenCount);
  }

  /** The results have been made by now. Whoever took the rows may be gone, and a send to nobody never ends. */
  async stop(): Promise<void> {
    const rest = this.#processing.then(() => this.#flush());
    rest.catch(() => undefined);
    await Promise.race([rest, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
    this.#isStopped = true;
    clearTimeout(this.#flushTimer);
    if (this.#engine !== undefined) this.#engine.store.close();
    else this.#loading?.then(({ store }) => store.close()).catch(() => undefined);
  }

  #lowerPriority(): void {
    if (this.#niceness === null) return;
    try {
      setPriority(this.#niceness);
    } catch (error) {
      this.#context.log.warning(`The priority of the record processor could not be lowered: ${toError(error).message}`);
    }
  }

  /** Begins to make the engine, unless that is under way; after a failure it is tried again. */
  async #loadEngine(plan: RunPlan): Promise<Engine> {
    this.#loading ??= createEngine(plan, this.#context.serviceId);
    try {
      return await this.#loading;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }

  async #process(plan: RunPlan, frames: readonly Uint8Array[]): Promise<void> {
    this.#engine ??= await this.#loadEngine(plan);
    const { decode, processor } = this.#engine;
    let raw: RawBatchReader;
    try {
      raw = decode(batchFrame(frames));
    } catch (error) {
      // The rest of the run is still worth having; these records count as lost.
      this.#context.log.error(`A batch of raw records cannot be read: ${toError(error).message}`);
      return;
    }
    let sliceStartMs = performance.now();
    for (let row = 0; row < raw.rowCount && !this.#isStopped;) {
      row = processor.processGroup(raw, row);
      if (processor.rowCount >= MAX_WAITING_ROWS) await this.#flush();
      if (performance.now() - sliceStartMs < SLICE_MS) continue;
      await setImmediate();
      sliceStartMs = performance.now();
    }
    if (this.#isLoadOver) await this.#flush();
    else this.#flushSoon();
  }

  #flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flush().catch((error: unknown) => this.#context.fail(toError(error)));
    }, MAX_WAIT_MS);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const batch = this.#engine?.processor.take();
    if (batch === undefined) return;
    try {
      await this.#records.send(encodeMetricBatch(batch));
    } catch (error) {
      // Given up by `stop`.
      if (!this.#isStopped) throw error;
    }
  }
}

function batchFrame(frames: readonly Uint8Array[]): Uint8Array {
  const [bytes] = frames;
  if (bytes !== undefined && frames.length === 1) return bytes;
  throw new MetricsError('AIPERF_METRICS_BAD_MESSAGE', `Expected one frame, found ${frames.length}.`);
}

async function createEngine(plan: RunPlan, recordProcessorId: string): Promise<Engine> {
  const { config, clockOrigin } = plan;
  const countsOnServer = config.endpoint.useServerTokenCount;
  const [decode, loaded] = await Promise.all([
    createRawBatchDecoder(),
    countsOnServer ? undefined : loadTokenizer(config.tokenizer.name, config.endpoint.modelNames),
  ]);
  // Only conversation ids are read from it, no bodies.
  const store = openDatasetStore(join(plan.privateDirectory, 'dataset'), { bodyCacheBytes: 0 });
  const kinds = new Map(planPhases(config).map(({ phaseIndex, kind }) => [phaseIndex, kind]));
  const ids = createRequestIds(plan.benchmarkId);
  const processor = new RecordProcessor({
    recordProcessorId,
    metrics: createMetricSet(metricModeOf(config)),
    parser: endpointOf(config.endpoint.type).createParser(),
    ...(loaded === undefined ? {} : { tokens: loaded.tokenizer }),
    names: {
      requestId: (phaseIndex, creditId) => ids.requestId(phaseIndex, creditId),
      correlationId: (phaseIndex, sessionNumber) => ids.correlationId(phaseIndex, sessionNumber),
      conversationId: (index) => store.conversationId(index),
    },
    phaseKind: (index) => kinds.get(index) ?? 'profiling',
    originEpochNs: BigInt(clockOrigin.epochNs),
  });
  return { decode, processor, store };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
