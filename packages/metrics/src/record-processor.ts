import type { PhaseKind, RequestRecord } from '@aiperf/records';
import { answerText, type ResponseParser } from '@aiperf/endpoints';
import { LIVE_TAGS, type LiveTag, type MetricBatch } from './metric-batch.ts';
import type { AggregateMetric } from './metric.ts';
import type { MetricSet } from './metric-set.ts';
import { MetricValues } from './metric-values.ts';
import { RecordBatchBuilder, type NumberWriter } from '@aiperf/records/file';
import { createRecordSchema, storedAggregates } from './record-schema.ts';
import { RecordSlot } from './record-slots.ts';
import type { RequestMedia } from './request-media.ts';
import { RESPONSE_TEXT_COLUMN, type RecordNames } from './row-columns.ts';
import { RowCounts, rowOutcome } from './row-counts.ts';
import { RowWriter } from './row-writer.ts';
import type { ListWriter, Utf8Writer } from '@aiperf/records/file';
import { LogSketch, type SketchEntries } from './stats/log-sketch.ts';

/** Records of one group: as many as keep one call well below a heartbeat, and enough to count their tokens together. */
const GROUP_RECORDS = 32;
/** A group ends early when its texts are this long together, some 20,000 tokens. */
const GROUP_TEXT_CHARS = 80_000;

/** Requests as a worker sent them; `record(row)` may return the same object every time. */
export interface RawRecords {
  readonly workerId: string;
  readonly rowCount: number;
  record(row: number): RequestRecord;
}

/** Counts the tokens of many texts at once. */
export interface TokenCounter {
  countAll(texts: readonly string[]): readonly number[];
}

/** What a record processor is made of. */
export interface RecordProcessorOptions {
  readonly recordProcessorId: string;
  readonly metrics: MetricSet;
  readonly parser: ResponseParser;
  /** Absent: the server's token counts are used. */
  readonly tokens?: TokenCounter;
  readonly names: RecordNames;
  /** What a request carried beside text. Absent: nothing. */
  readonly mediaOf?: (conversationIndex: number, turnIndex: number) => RequestMedia;
  readonly phaseKind: (phaseIndex: number) => PhaseKind;
  /** Wall time of run time 0. */
  readonly originEpochNs: bigint;
  /** Adds the text of each response to its row. Default false. */
  readonly keepsResponseText?: boolean;
}

/** Parses raw records, counts tokens, computes the record metrics and gathers the rows. Knows no socket and no clock. */
export class RecordProcessor {
  readonly #options: RecordProcessorOptions;
  readonly #builder: RecordBatchBuilder;
  readonly #values: MetricValues;
  readonly #row: RowWriter;
  readonly #responseText: Utf8Writer | undefined;
  readonly #scalars: readonly NumberWriter[];
  readonly #stored: readonly { readonly writer: NumberWriter; readonly metric: AggregateMetric }[];
  readonly #lists: readonly { readonly writer: ListWriter; readonly append: (value: number) => void }[];
  readonly #slots: readonly RecordSlot[] = Array.from({ length: GROUP_RECORDS }, () => new RecordSlot());
  readonly #texts: string[] = [];
  /** For each text: its slot, and what it is there. */
  readonly #textOwners: { readonly slot: RecordSlot; readonly role: TextRole }[] = [];
  readonly #sketches = new Map<LiveTag, LogSketch>();
  #phases = new Map<number, RowCounts>();
  #errors = new Map<string, { readonly slot: ErrorKey; count: number }>();
  #outputTokens = 0;

  constructor(options: RecordProcessorOptions) {
    const { metrics, keepsResponseText: hasResponseText = false } = options;
    this.#options = options;
    this.#builder = new RecordBatchBuilder(createRecordSchema(metrics, { hasResponseText }), options.originEpochNs);
    this.#responseText = hasResponseText ? this.#builder.textColumn(RESPONSE_TEXT_COLUMN.name) : undefined;
    this.#values = new MetricValues(metrics.record);
    this.#row = new RowWriter(this.#builder);
    this.#scalars = metrics.record.map(({ tag }) => this.#builder.numberColumn(tag));
    this.#stored = storedAggregates(metrics).map((metric) => ({
      writer: this.#builder.numberColumn(metric.tag),
      metric,
    }));
    this.#lists = metrics.recordLists.map(({ tag }) => {
      const writer = this.#builder.listColumn(tag);
      return { writer, append: (value: number) => writer.append(value) };
    });
    const tags = new Set(metrics.record.map(({ tag }) => tag));
    for (const tag of LIVE_TAGS) if (tags.has(tag)) this.#sketches.set(tag, new LogSketch());
  }

  /** Rows waiting for {@link take}. */
  get rowCount(): number {
    return this.#builder.rowCount;
  }

  /** Processes the next group from `row` on and returns the row after it; call until it is `raw.rowCount`. */
  processGroup(raw: RawRecords, row: number): number {
    const { tokens } = this.#options;
    this.#texts.length = 0;
    this.#textOwners.length = 0;
    let textChars = 0;
    let used = 0;
    let next = row;
    for (const slot of this.#slots) {
      if (next >= raw.rowCount || textChars > GROUP_TEXT_CHARS) break;
      const request = raw.record(next);
      const response = this.#options.parser.parseResponse(request);
      slot.fill(request, response, this.#options.mediaOf?.(request.conversationIndex, request.turnIndex));
      if (this.#responseText !== undefined) slot.responseText = answerText(response.answer);
      if (tokens === undefined) slot.takeServerTokens();
      const { answer } = response;
      if (slot.isValid && tokens !== undefined && answer.kind === 'text') {
        // Names and arguments of tool calls are output like any other.
        textChars += this.#addText(slot, 'output', answer.text + answer.toolCallText);
        if (answer.reasoningText !== '') textChars += this.#addText(slot, 'reasoning', answer.reasoningText);
      }
      if (tokens !== undefined) {
        // Each by itself: between two messages a chat template puts tokens of its own, so none reaches over both.
        for (const reply of request.historyReplies) textChars += this.#addText(slot, 'history', reply);
      }
      used++;
      next++;
    }
    if (tokens !== undefined && this.#texts.length > 0) this.#countTokens(tokens);
    for (let index = 0; index < used; index++) {
      const slot = this.#slots[index];
      if (slot !== undefined) this.#addRow(slot, raw.workerId);
    }
    return next;
  }

  /** All rows since the last call, or `undefined` when there are none. */
  take(): MetricBatch | undefined {
    const rows = this.#builder.rowCount;
    if (rows === 0) return undefined;
    const live: Partial<Record<LiveTag, SketchEntries>> = {};
    for (const [tag, sketch] of this.#sketches) {
      if (sketch.count > 0) live[tag] = sketch.entries();
      sketch.clear();
    }
    const header = {
      record_processor_id: this.#options.recordProcessorId,
      rows,
      phases: Object.fromEntries(this.#phases),
      errors: Array.from(this.#errors.values(), ({ slot, count }) => ({ ...slot, count })),
      output_tokens: this.#outputTokens,
      live,
    };
    this.#phases = new Map();
    this.#errors = new Map();
    this.#outputTokens = 0;
    return { header, message: this.#builder.take() };
  }

  /** Returns the text's length. */
  #addText(slot: RecordSlot, role: TextRole, text: string): number {
    this.#texts.push(text);
    this.#textOwners.push({ slot, role });
    return text.length;
  }

  #countTokens(tokens: TokenCounter): void {
    const counts = tokens.countAll(this.#texts);
    for (const [index, { slot, role }] of this.#textOwners.entries()) {
      const count = counts[index] ?? Number.NaN;
      if (role === 'output') slot.outputTokens = count;
      else if (role === 'reasoning') slot.reasoningTokens = count;
      else slot.inputTokens += count;
    }
  }

  #addRow(slot: RecordSlot, workerId: string): void {
    const builder = this.#builder;
    const row = builder.rowCount;
    const { names, recordProcessorId, phaseKind } = this.#options;
    const phase = phaseKind(slot.phaseIndex);
    this.#row.write(row, slot, { workerId, recordProcessorId, phase, names });
    this.#values.compute(slot, slot.isValid);
    for (let index = 0; index < this.#scalars.length; index++) {
      this.#scalars[index]?.set(row, this.#values.at(index));
    }
    if (slot.isValid) {
      this.#responseText?.set(row, slot.responseText);
      for (const { writer, metric } of this.#stored) writer.set(row, metric.contribution(this.#values));
      this.#addLists(row, slot);
    }
    builder.endRow();
    this.#count(slot, phase);
  }

  #addLists(row: number, slot: RecordSlot): void {
    for (let index = 0; index < this.#lists.length; index++) {
      const list = this.#lists[index];
      if (list === undefined) continue;
      this.#options.metrics.recordLists[index]?.compute(slot, list.append);
      list.writer.endRow(row);
    }
  }

  #count(slot: RecordSlot, kind: PhaseKind): void {
    let phase = this.#phases.get(slot.phaseIndex);
    if (phase === undefined) {
      phase = new RowCounts();
      this.#phases.set(slot.phaseIndex, phase);
    }
    const outcome = rowOutcome(slot.isValid, slot.cancelled);
    phase.add(outcome);
    if (outcome === 'valid') this.#countValid(slot, kind);
    else if (outcome === 'failed') this.#countError(slot);
  }

  #countValid(slot: RecordSlot, kind: PhaseKind): void {
    if (!Number.isNaN(slot.outputTokens)) this.#outputTokens += slot.outputTokens;
    if (kind === 'warmup') return;
    for (const [tag, sketch] of this.#sketches) {
      const value = this.#values.get(tag);
      if (!Number.isNaN(value)) sketch.add(value);
    }
  }

  #countError({ phaseIndex, error }: RecordSlot): void {
    if (error === undefined) return;
    const { httpStatus, type, message, code: kind } = error;
    const key = JSON.stringify([phaseIndex, httpStatus, type, message, kind]);
    const known = this.#errors.get(key);
    if (known === undefined) {
      const slot = { phase_index: phaseIndex, code: httpStatus ?? null, type, message, kind };
      this.#errors.set(key, { slot, count: 1 });
    } else {
      known.count++;
    }
  }
}

/** What a text to be counted is: part of the response, or an earlier reply that was sent along. */
type TextRole = 'output' | 'reasoning' | 'history';

interface ErrorKey {
  readonly phase_index: number;
  readonly code: number | null;
  readonly type: string;
  readonly message: string;
  readonly kind: string;
}
