import { setImmediate } from 'node:timers/promises';
import type { MetricResult } from '../metric-definition.ts';
import type { MetricSet } from '../metric-set.ts';
import type { ColumnBatch, RecordSink } from '@aiperf/records/file';
import type { BatchTimes } from '../batch-times.ts';
import { CURVE_DEFINITIONS, CURVES, CurveValues } from './curve-definitions.ts';
import { CurveSummary } from './curve-summary.ts';
import { BLOCK_LENGTH_MAX_NS, EventBlock, type TimeWindow } from './event-block.ts';
import { EventHistogram } from './event-histogram.ts';
import { emitRequest, type CurveRequest } from './request-events.ts';

/** Windows with no more events than this are summarised in one pass, with their steps in memory: some 130 MB. */
const KEPT_EVENTS_MAX = 2 ** 21;
/** Events of one block, as planned; some 25 bytes each. */
const BLOCK_EVENTS_PLANNED = 2 ** 20;

/** What curves are made from. */
export interface CurveOptions {
  readonly metrics: MetricSet;
  /** Whether the requests of a phase take part. */
  readonly includes: (phaseIndex: number) => boolean;
  /** In their order, without overlap, and within the time of the requests. */
  readonly windows: readonly TimeWindow[];
  readonly batchTimes: BatchTimes;
  /** Only how many requests are in flight. */
  readonly concurrencyOnly?: boolean;
  /** Most events for which the steps of a window are kept; for tests. */
  readonly keptEventsMax?: number;
  /** Events of one block, about; for tests. */
  readonly blockEvents?: number;
}

/**
 * Statistics of the curves over time in each window: how many requests were where, how fast tokens went. Exact, and within bounded memory:
 * the events of the requests are sorted block by block of time, with only those batches of rows read that reach into the block. A window with
 * few events takes one pass; of larger ones the quantiles are narrowed in several. Without streaming there is the concurrency alone.
 */
export async function computeCurves(
  source: Pick<RecordSink, 'scan'>,
  options: CurveOptions,
): Promise<readonly (readonly MetricResult[])[]> {
  const { windows, keptEventsMax = KEPT_EVENTS_MAX } = options;
  const [first, last] = [windows[0], windows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const reader = new RequestReader(options);
  const histogram = new EventHistogram(first.startNs, last.endNs);
  await source.scan(reader.columns, (batch) => {
    reader.read(batch, (request) => emitRequest(request, (timeNs) => histogram.add(timeNs)));
  });
  const curves = new BlockedCurves(source, reader, histogram, options);
  const results: (readonly MetricResult[])[] = [];
  let small: TimeWindow[] = [];
  let smallEvents = 0;
  const flush = async (): Promise<void> => {
    if (small.length > 0) results.push(...(await curves.summarize(small, true)));
    small = [];
    smallEvents = 0;
  };
  for (const window of windows) {
    const events = histogram.countBetween(window.startNs, window.endNs);
    if (smallEvents + events > keptEventsMax) await flush();
    if (events > keptEventsMax) {
      results.push(...(await curves.summarize([window], false)));
    } else {
      small.push(window);
      smallEvents += events;
    }
  }
  await flush();
  return results;
}

class BlockedCurves {
  readonly #source: Pick<RecordSink, 'scan'>;
  readonly #reader: RequestReader;
  readonly #histogram: EventHistogram;
  readonly #options: CurveOptions;

  constructor(
    source: Pick<RecordSink, 'scan'>,
    reader: RequestReader,
    histogram: EventHistogram,
    options: CurveOptions,
  ) {
    this.#source = source;
    this.#reader = reader;
    this.#histogram = histogram;
    this.#options = options;
  }

  /** Neighbouring windows, with their steps kept or in as many passes as it takes. */
  async summarize(windows: readonly TimeWindow[], keepsSteps: boolean): Promise<MetricResult[][]> {
    const curves = CURVES.filter(({ needsStreaming }) => !needsStreaming || this.#reader.isStreaming);
    const summaries = windows.map(({ startNs, endNs }) =>
      curves.map((curve) => new CurveSummary(curve, endNs - startNs, keepsSteps)),
    );
    let open = summaries;
    const isOpen = ({ results }: CurveSummary): boolean => results === undefined;
    while (open.some((ofWindow) => ofWindow.some(isOpen))) {
      await this.#pass(windows, open);
      for (const ofWindow of open) for (const summary of ofWindow) summary.endPass();
      open = open.map((ofWindow) => ofWindow.filter(isOpen));
    }
    return summaries.map((ofWindow) => inOrder(ofWindow.flatMap(({ results }) => results ?? [])));
  }

  async #pass(windows: readonly TimeWindow[], summaries: readonly (readonly CurveSummary[])[]): Promise<void> {
    const values = new CurveValues();
    const startNs = windows[0]?.startNs ?? 0;
    const endNs = windows.at(-1)?.endNs ?? 0;
    const waiting = this.#histogram.cut(
      startNs,
      endNs,
      this.#options.blockEvents ?? BLOCK_EVENTS_PLANNED,
      BLOCK_LENGTH_MAX_NS,
    );
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const block = await this.#load(next);
      if (block.isOverfull) {
        const middleNs = Math.floor((next.startNs + next.endNs) / 2);
        waiting.unshift({ startNs: next.startNs, endNs: middleNs }, { startNs: middleNs, endNs: next.endNs });
        continue;
      }
      const parts = windows.map((window) => intersection(window, block));
      block.visit(parts, (state, lengthNs, window) => {
        values.read(state);
        for (const summary of summaries[window] ?? []) summary.add(values, lengthNs);
      });
      // A block takes a moment; the bus must be served in between.
      await setImmediate();
    }
  }

  async #load({ startNs, endNs }: TimeWindow): Promise<EventBlock> {
    const { batchTimes } = this.#options;
    const block = new EventBlock(startNs, endNs);
    await this.#source.scan(
      this.#reader.columns,
      (batch) => {
        this.#reader.read(batch, (request) => {
          if (request.endNs <= startNs || request.startNs >= endNs) return;
          emitRequest(request, (timeNs, event, x, y) => block.add(timeNs, event, x, y));
        });
      },
      (index) => batchTimes.overlaps(index, startNs, endNs),
    );
    block.sort();
    return block;
  }
}

/** The part of a window that lies in a block; empty and at the block's edge where there is none. */
function intersection(window: TimeWindow, block: TimeWindow): TimeWindow {
  const startNs = Math.min(Math.max(window.startNs, block.startNs), block.endNs);
  return { startNs, endNs: Math.max(startNs, Math.min(window.endNs, block.endNs)) };
}

function inOrder(results: readonly MetricResult[]): MetricResult[] {
  const byTag = new Map(results.map((result) => [result.tag, result]));
  return CURVE_DEFINITIONS.flatMap(({ tag }) => byTag.get(tag) ?? []);
}

/** Reads the requests of a batch; one object serves for all. */
class RequestReader {
  readonly columns: readonly string[];
  readonly isStreaming: boolean;
  readonly #includes: (phaseIndex: number) => boolean;
  readonly #tags: ReadonlySet<string>;
  readonly #request: CurveRequest = {
    startNs: 0,
    endNs: 0,
    firstTokenNs: Number.NaN,
    inputTokens: Number.NaN,
    outputTokens: Number.NaN,
    gapsNs: new Float64Array(0),
    gapsFrom: 0,
    gapsTo: 0,
  };

  constructor({ metrics, includes, concurrencyOnly = false }: CurveOptions) {
    const known = new Set([...metrics.record, ...metrics.recordLists].map(({ tag }) => tag));
    this.#includes = includes;
    this.isStreaming = known.has('time_to_first_token') && !concurrencyOnly;
    const wanted = ['time_to_first_token', 'input_sequence_length', 'output_sequence_length', 'inter_chunk_latency'];
    this.#tags = new Set(this.isStreaming ? wanted.filter((tag) => known.has(tag)) : []);
    this.columns = ['phase_index', 'request_start_offset_ns', 'request_end_offset_ns', ...this.#tags];
  }

  read(batch: ColumnBatch, visit: (request: CurveRequest) => void): void {
    const phases = batch.numbers('phase_index');
    const starts = batch.numbers('request_start_offset_ns');
    const ends = batch.numbers('request_end_offset_ns');
    const optional = (tag: string): Float64Array | undefined => (this.#tags.has(tag) ? batch.numbers(tag) : undefined);
    const firsts = optional('time_to_first_token');
    const inputs = optional('input_sequence_length');
    const outputs = optional('output_sequence_length');
    const gaps = this.#tags.has('inter_chunk_latency') ? batch.list('inter_chunk_latency') : undefined;
    const request = this.#request;
    if (gaps !== undefined) request.gapsNs = gaps.values;
    for (let row = 0; row < batch.rowCount; row++) {
      request.startNs = starts[row] ?? Number.NaN;
      request.endNs = ends[row] ?? Number.NaN;
      // Written so that a request that never started, or whose end is unknown, is left out.
      if (!(request.endNs > request.startNs) || !this.#includes(phases[row] ?? -1)) continue;
      request.firstTokenNs = request.startNs + (firsts?.[row] ?? Number.NaN);
      request.inputTokens = inputs?.[row] ?? Number.NaN;
      request.outputTokens = outputs?.[row] ?? Number.NaN;
      request.gapsFrom = gaps?.offsets[row] ?? 0;
      request.gapsTo = gaps?.offsets[row + 1] ?? 0;
      visit(request);
    }
  }
}
