import { setImmediate } from 'node:timers/promises';
import type { RunPlan } from '@aiperf/config';
import { loadTokenizer, openDatasetStore, storeDirectory, type DatasetStore } from '@aiperf/dataset';
import { planPhases } from '@aiperf/timing';
import { createRawBatchDecoder, createRequestIds, type RawBatchReader } from '@aiperf/records';
import { endpointOf } from '@aiperf/endpoints';
import { loadMetricSet } from './load-metrics.ts';
import type { MetricBatch } from './metric-batch.ts';
import { RecordProcessor } from './record-processor.ts';
import { MediaCounter } from './request-media.ts';
import { ChunkCollector } from './response-chunks.ts';
import { sentBody } from './sent-body.ts';

/** Longest stretch of work between two turns of the event loop, so that messages are read. */
const SLICE_MS = 10;
/** While the load runs, small batches are put together: a message has some kilobytes whatever its number of rows. */
const MAX_WAIT_MS = 250;
const MAX_WAITING_ROWS = 2048;
/** With the level `raw`, when bodies of this size wait. */
const MAX_WAITING_CHUNK_BYTES = 4 * 1024 * 1024;

/** What has been handed out: every batch before `number`, and the first `rows` rows of it. */
export interface Progress {
  readonly number: number;
  readonly rows: number;
}

/** Who listens to an engine. */
export interface EngineEvents {
  /** Metric records, with how far they reach. */
  metrics(batch: MetricBatch, progress: Progress): void;
  /** A raw batch that cannot be read; its records are lost. */
  unreadable(error: Error): void;
}

/** Raw batches in, metric batches out. Knows no socket; gives way to other work of its thread every 10 ms. */
export class RecordEngine {
  readonly #decode: (bytes: Uint8Array) => RawBatchReader;
  readonly #processor: RecordProcessor;
  readonly #store: DatasetStore;
  readonly #chunks: ChunkCollector | undefined;
  readonly #events: EngineEvents;
  #progress: Progress = { number: 0, rows: 0 };
  #flushTimer: NodeJS.Timeout | undefined;
  #isHurried = false;

  private constructor(
    decode: (bytes: Uint8Array) => RawBatchReader,
    processor: RecordProcessor,
    store: DatasetStore,
    events: EngineEvents,
    chunks: ChunkCollector | undefined,
  ) {
    this.#decode = decode;
    this.#processor = processor;
    this.#store = store;
    this.#events = events;
    this.#chunks = chunks;
  }

  /** Loads tokenizer and dataset index. */
  static async create(plan: RunPlan, recordProcessorId: string, events: EngineEvents): Promise<RecordEngine> {
    const { config, clockOrigin } = plan;
    const countsOnServer = config.endpoint.useServerTokenCount;
    const [metrics, decode, loaded] = await Promise.all([
      loadMetricSet(config),
      createRawBatchDecoder(),
      countsOnServer ? undefined : loadTokenizer(config.tokenizer.name, config.endpoint.modelNames),
    ]);
    const keepsChunks = config.output.exportLevel === 'raw';
    // Otherwise only conversation ids are read from it, no bodies.
    const store = openDatasetStore(storeDirectory(plan.privateDirectory), keepsChunks ? {} : { bodyCacheBytes: 0 });
    const kinds = new Map(planPhases(config).map(({ phaseIndex, kind }) => [phaseIndex, kind]));
    const ids = createRequestIds(plan.benchmarkId);
    const media = metrics.mode.carriesMedia ? new MediaCounter(store) : undefined;
    const processor = new RecordProcessor({
      recordProcessorId,
      metrics,
      parser: endpointOf(config.endpoint.type).createParser(),
      ...(loaded === undefined ? {} : { tokens: loaded.tokenizer }),
      names: {
        requestId: (phaseIndex, creditId) => ids.requestId(phaseIndex, creditId),
        correlationId: (phaseIndex, sessionNumber) => ids.correlationId(phaseIndex, sessionNumber),
        conversationId: (index) => store.conversationId(index),
      },
      ...(media === undefined ? {} : { mediaOf: (conversation, turn) => media.mediaOf(conversation, turn) }),
      phaseKind: (index) => kinds.get(index) ?? 'profiling',
      originEpochNs: BigInt(clockOrigin.epochNs),
      keepsResponseText: config.output.exportOutputs,
    });
    const endpoint = endpointOf(config.endpoint.type);
    const chunks = keepsChunks
      ? new ChunkCollector({
          originEpochNs: BigInt(clockOrigin.epochNs),
          requestId: ({ phaseIndex, creditId }) => ids.requestId(phaseIndex, creditId),
          sentBody: (record) => sentBody(store, endpoint, record),
        })
      : undefined;
    return new RecordEngine(decode, processor, store, events, chunks);
  }

  /** Rows have been computed and not handed out. */
  get hasWaitingRows(): boolean {
    return this.#processor.rowCount > 0;
  }

  /** Processes one raw batch from row `firstRow` on. One call at a time; numbers ascend. */
  async process(number: number, bytes: Uint8Array, firstRow: number): Promise<void> {
    let raw: RawBatchReader;
    try {
      raw = this.#decode(bytes);
    } catch (error) {
      // The rest of the run is still worth having.
      this.#progress = { number: number + 1, rows: 0 };
      this.#events.unreadable(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    let sliceStartMs = performance.now();
    for (let row = firstRow; row < raw.rowCount;) {
      const groupStart = row;
      row = this.#processor.processGroup(raw, row);
      if (this.#chunks !== undefined) {
        for (let index = groupStart; index < row; index += 1) this.#chunks.add(raw.record(index));
      }
      this.#progress = { number, rows: row };
      const waitingBytes = this.#chunks?.byteCount ?? 0;
      if (this.#processor.rowCount >= MAX_WAITING_ROWS || waitingBytes >= MAX_WAITING_CHUNK_BYTES) this.#flush();
      if (performance.now() - sliceStartMs < SLICE_MS) continue;
      await setImmediate();
      sliceStartMs = performance.now();
    }
    this.#progress = { number: number + 1, rows: 0 };
    if (this.#isHurried) this.#flush();
    else this.#flushTimer ??= setTimeout(() => this.#flush(), MAX_WAIT_MS);
  }

  /** The load is over and what is left is waited for: rows go out as soon as they are there. */
  hurry(): void {
    this.#isHurried = true;
    this.#flush();
  }

  close(): void {
    clearTimeout(this.#flushTimer);
    this.#store.close();
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const batch = this.#processor.take();
    const chunks = this.#chunks?.take();
    if (batch === undefined) return;
    this.#events.metrics(chunks === undefined ? batch : { ...batch, chunks }, this.#progress);
  }
}
