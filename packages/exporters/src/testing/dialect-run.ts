import { join } from 'node:path';
import { Bool, Field, Int32, Int64, List, Schema, Utf8, type DataType } from 'apache-arrow';
import {
  ArrowRecordSink,
  openArrowFile,
  type ArrowFileReader,
  encodeRows,
  type ColumnValues,
} from '@aiperf/records/file';
import type { RenderDialectOptions } from '../dialects/render-dialect.ts';
import type { JsonObject, OutputChoices, RecordedOrigin } from '../run/run-metadata.ts';
import { temporaryFolder } from '@aiperf/records/testing';

/** A request of a made-up run; times in milliseconds. What is left out is null. */
export interface MadeRequest {
  readonly phase?: 'warmup' | 'profiling';
  readonly startMs?: number;
  readonly endMs?: number;
  readonly ttftMs?: number;
  readonly ttfoMs?: number;
  readonly latencyMs?: number;
  readonly gapsMs?: readonly number[];
  /** Client's counts. */
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly textTokens?: number;
  readonly requestedTokens?: number;
  /** The server's prompt and completion tokens. */
  readonly usage?: readonly [prompt: number, completion: number];
  readonly events?: number;
  readonly wasCancelled?: boolean;
}

/** What `renderDialect` needs of a run. */
export interface MadeRun extends AsyncDisposable {
  readonly records: ArrowFileReader;
  readonly config: JsonObject;
  readonly choices: OutputChoices;
  readonly origin: RecordedOrigin;
  readonly path: string;
}

/** Kind of a made-up run. */
export interface MadeRunOptions {
  readonly isStreaming?: boolean;
  readonly generatesText?: boolean;
  readonly hasReasoning?: boolean;
  readonly endpointType?: string;
  readonly phase?: object;
}

/** Wall times of a run's golden texts. */
export const IN_UTC: RenderDialectOptions = { timeZone: 'UTC' };

const integer = new Int64();

function fieldsOf({ isStreaming = true, generatesText = true, hasReasoning = false }: MadeRunOptions): Field[] {
  const optional: [name: string, type: DataType, isThere: boolean][] = [
    ['request_latency', integer, true],
    ['input_sequence_length', new Int32(), true],
    ['output_sequence_length', new Int32(), generatesText],
    ['output_token_count', new Int32(), generatesText],
    ['requested_osl', new Int32(), generatesText],
    ['usage_prompt_tokens', new Int32(), true],
    ['usage_completion_tokens', new Int32(), true],
    ['content_event_count', new Int32(), true],
    ['time_to_first_token', integer, isStreaming],
    ['time_to_first_output_token', integer, isStreaming && hasReasoning],
    ['inter_chunk_latency', new List(new Field('item', integer, false)), isStreaming],
  ];
  return [
    new Field('benchmark_phase', new Utf8()),
    new Field('valid', new Bool()),
    new Field('was_cancelled', new Bool()),
    new Field('request_start_offset_ns', integer, true),
    new Field('request_end_offset_ns', integer, true),
    ...optional.filter(([, , isThere]) => isThere).map(([name, type]) => new Field(name, type, true)),
  ];
}

function ns(ms: number | undefined): bigint | null {
  return ms === undefined ? null : BigInt(Math.round(ms * 1e6));
}

/** A request with a latency succeeded. */
function columnsOf(request: MadeRequest): ColumnValues {
  return {
    benchmark_phase: request.phase ?? 'profiling',
    valid: request.latencyMs !== undefined,
    was_cancelled: request.wasCancelled ?? false,
    request_start_offset_ns: ns(request.startMs),
    request_end_offset_ns: ns(request.endMs),
    request_latency: ns(request.latencyMs),
    input_sequence_length: request.inputTokens ?? null,
    output_sequence_length: request.outputTokens ?? null,
    output_token_count: request.textTokens ?? request.outputTokens ?? null,
    requested_osl: request.requestedTokens ?? null,
    usage_prompt_tokens: request.usage?.[0] ?? null,
    usage_completion_tokens: request.usage?.[1] ?? null,
    content_event_count: request.events ?? 0,
    time_to_first_token: ns(request.ttftMs),
    time_to_first_output_token: ns(request.ttfoMs),
    inter_chunk_latency: request.gapsMs?.map(ns) ?? null,
  };
}

/** Writes the record file of a made-up run, two requests a batch, and opens it. */
export async function madeRun(requests: readonly MadeRequest[], options: MadeRunOptions = {}): Promise<MadeRun> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'profile_export.arrow');
  const schema = new Schema(fieldsOf(options));
  const rows = requests.map(columnsOf);
  {
    await using sink = await ArrowRecordSink.create(path, schema);
    for (let i = 0; i < rows.length; i += 2) await sink.append(encodeRows(schema, rows.slice(i, i + 2)));
    await sink.finish(new Map());
  }
  const records = await openArrowFile(path);
  const { phase = { mode: 'concurrency', arrivalPattern: 'concurrency_burst', concurrency: 2 } } = options;
  const { endpointType = 'chat' } = options;
  return {
    records,
    path,
    config: {
      phases: [
        { kind: 'warmup', mode: 'concurrency', concurrency: 1 },
        { kind: 'profiling', ...phase },
      ],
    },
    choices: {
      endpointType,
      exportLevel: 'records',
      prefix: undefined,
      formats: ['arrow'],
      hasOutputs: false,
      hasHttpTrace: false,
      showsTraceTiming: false,
    },
    // 2026-11-22 12:00:00 UTC.
    origin: { monotonicNs: 0n, epochNs: 1_795_348_800_000_000_000n },
    [Symbol.asyncDispose]: async () => {
      await records.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Three requests that succeeded, one that failed, one cancelled, one never sent, and a warm-up. */
export const HAND_MADE: readonly MadeRequest[] = [
  {
    phase: 'warmup',
    startMs: 0,
    endMs: 90,
    ttftMs: 7,
    latencyMs: 80,
    gapsMs: [73],
    inputTokens: 5,
    outputTokens: 9,
    events: 2,
  },
  {
    startMs: 100,
    endMs: 210,
    ttftMs: 50,
    latencyMs: 100,
    gapsMs: [20, 0, 30],
    inputTokens: 10,
    outputTokens: 4,
    requestedTokens: 8,
    usage: [12, 5],
    events: 4,
  },
  {
    startMs: 100,
    endMs: 410,
    ttftMs: 100,
    latencyMs: 300,
    gapsMs: [100, 100],
    inputTokens: 20,
    outputTokens: 3,
    requestedTokens: 4,
    events: 3,
  },
  { startMs: 500, endMs: 600, events: 2 },
  {
    startMs: 1100,
    endMs: 1140,
    ttftMs: 30,
    latencyMs: 30,
    gapsMs: [],
    inputTokens: 30,
    outputTokens: 1,
    requestedTokens: 1,
    events: 1,
  },
  { startMs: 1200, endMs: 1300, events: 1, wasCancelled: true },
  {},
];
