import type { FileHandle } from 'node:fs/promises';
import type { Field } from 'apache-arrow';
import type { MetricUnit } from '@aiperf/metrics';
import type { ArrowColumnBatch, RecordSource } from '@aiperf/records/file';
import { displayDivisor } from './display-units.ts';
import { floatJson, rawJson } from './json-metrics.ts';

const SCHEMA_VERSION = '1.0';
const TEXT_COLUMN = 'response_text';

/** Metrics of an entry, in AIPerf's order. */
const METRICS: readonly string[] = [
  'input_sequence_length',
  'output_token_count',
  'output_sequence_length',
  'request_latency',
  'time_to_first_token',
  'inter_token_latency',
];
const ROW_COLUMNS: readonly string[] = [
  'session_num',
  'conversation_id',
  'turn_index',
  'x_request_id',
  'request_start_ns',
  'request_end_ns',
  'benchmark_phase',
  'phase_index',
  TEXT_COLUMN,
];

/** Entries gathered at a time: those of a range of sessions, read from the batches that may hold them. */
const RANGE_TEXT_BYTES = 64 * 1024 * 1024;

/** Whether a record file holds the texts of its responses. */
export function hasResponseTexts(source: RecordSource): boolean {
  return source.schema.fields.some(({ name }) => name === TEXT_COLUMN);
}

/**
 * Writes `outputs.json`: the profiling requests in the order of their sessions. Rows come in the order in which they ended, so the file is
 * read in ranges of sessions whose texts fit into memory.
 */
export async function writeOutputs(source: RecordSource, handle: FileHandle): Promise<void> {
  const fields = new Map(source.schema.fields.map((field) => [field.name, field]));
  const columns = [...ROW_COLUMNS, ...METRICS].filter((name) => fields.has(name));
  await handle.writeFile(`{\n  "schema_version": ${JSON.stringify(SCHEMA_VERSION)},\n  "data": [`);
  let isFirst = true;
  const batches = await surveyBatches(source);
  for (const range of rangesOf(batches)) {
    const entries: Entry[] = [];
    const wants = (index: number): boolean => isIn(range, batches[index]);
    for await (const batch of source.batches(columns, wants)) addEntries(entries, batch, fields, range);
    entries.sort((a, b) => a.phase - b.phase || a.session - b.session || a.turn - b.turn);
    for (const { json } of entries) {
      await handle.writeFile(`${isFirst ? '' : ','}\n    ${json}`);
      isFirst = false;
    }
  }
  await handle.writeFile(`${isFirst ? '' : '\n  '}]\n}`);
}

/** Sessions of one phase from `from` to before `to`. */
interface Range {
  readonly phase: number;
  readonly from: number;
  readonly to: number;
}

interface Survey {
  /** For each phase of the batch its first and last session. */
  readonly sessions: ReadonlyMap<number, { low: number; high: number }>;
  readonly textBytes: number;
}

interface Entry {
  readonly phase: number;
  readonly session: number;
  readonly turn: number;
  readonly json: string;
}

async function surveyBatches(source: RecordSource): Promise<Survey[]> {
  const surveys: Survey[] = [];
  for await (const batch of source.batches(['session_num', 'phase_index', 'benchmark_phase', TEXT_COLUMN])) {
    const sessions = new Map<number, { low: number; high: number }>();
    const numbers = batch.numbers('session_num');
    const phases = batch.numbers('phase_index');
    const kinds = batch.strings('benchmark_phase');
    for (let row = 0; row < batch.rowCount; row += 1) {
      if (kinds[row] !== 'profiling') continue;
      const session = numbers[row] ?? 0;
      const known = sessions.get(phases[row] ?? 0);
      if (known === undefined) sessions.set(phases[row] ?? 0, { low: session, high: session });
      else {
        known.low = Math.min(known.low, session);
        known.high = Math.max(known.high, session);
      }
    }
    surveys.push({ sessions, textBytes: batch.utf8(TEXT_COLUMN).bytes.byteLength });
  }
  return surveys;
}

/** Cuts each phase's sessions so that a range has about as much text as is gathered at a time. */
function rangesOf(batches: readonly Survey[]): Range[] {
  const phases = [...new Set(batches.flatMap(({ sessions }) => [...sessions.keys()]))].toSorted((a, b) => a - b);
  return phases.flatMap((phase) => {
    const members = batches.filter(({ sessions }) => sessions.has(phase));
    const end = Math.max(...members.map(({ sessions }) => sessions.get(phase)?.high ?? 0)) + 1;
    const textBytes = members.reduce((sum, { textBytes: bytes }) => sum + bytes, 0);
    const count = Math.max(1, Math.ceil(textBytes / RANGE_TEXT_BYTES));
    const step = Math.ceil(end / count);
    return Array.from({ length: count }, (_, i) => ({ phase, from: i * step, to: Math.min(end, (i + 1) * step) }));
  });
}

function isIn({ phase, from, to }: Range, batch: Survey | undefined): boolean {
  const sessions = batch?.sessions.get(phase);
  return sessions !== undefined && sessions.low < to && sessions.high >= from;
}

function addEntries(
  entries: Entry[],
  batch: ArrowColumnBatch,
  fields: ReadonlyMap<string, Field>,
  { phase, from, to }: Range,
): void {
  const sessions = batch.numbers('session_num');
  const phases = batch.numbers('phase_index');
  const kinds = batch.strings('benchmark_phase');
  const turns = batch.numbers('turn_index');
  const ids = batch.strings('x_request_id');
  const conversations = batch.strings('conversation_id');
  const texts = batch.strings(TEXT_COLUMN);
  const metrics = METRICS.flatMap((tag) => {
    const field = fields.get(tag);
    return field === undefined ? [] : [{ tag, read: metricReader(batch, field) }];
  });
  const times = (['request_start_ns', 'request_end_ns'] as const).map((name) => ({
    name,
    values: batch.bigints(name),
    nulls: batch.nulls(name),
  }));
  for (let row = 0; row < batch.rowCount; row += 1) {
    const session = sessions[row] ?? 0;
    if (kinds[row] !== 'profiling' || phases[row] !== phase || session < from || session >= to) continue;
    const text = texts[row] ?? null;
    const turn = turns[row] ?? 0;
    const stamps = times.flatMap(({ name, values, nulls }) =>
      nulls?.[row] === 1 ? [] : [[name, rawInteger(values[row] ?? 0n)] as const],
    );
    // A failed request has no text, and no metrics either.
    const values = text === null ? [] : metrics.flatMap(({ tag, read }) => numberEntry(tag, read(row)));
    const entry = {
      session_num: session,
      conversation_id: conversations[row],
      turn_index: turn,
      x_request_id: ids[row],
      ...Object.fromEntries(stamps),
      metrics: Object.fromEntries(values),
      response_text: text,
    };
    entries.push({ phase, session, turn, json: JSON.stringify(entry, null, 2).replaceAll('\n', '\n    ') });
  }
}

function numberEntry(tag: string, value: unknown): [string, unknown][] {
  return value === undefined ? [] : [[tag, value]];
}

/** Reads a metric in its display unit; counts stay integers, what is divided becomes a float. */
function metricReader(batch: ArrowColumnBatch, field: Field): (row: number) => unknown {
  const values = batch.numbers(field.name);
  const unit = field.metadata.get('unit') as MetricUnit;
  const displayUnit = field.metadata.get('display_unit') as MetricUnit;
  const divisor = displayDivisor({ unit, displayUnit });
  const isFloat = divisor !== 1 || unit === 'ns';
  return (row) => {
    const value = (values[row] ?? Number.NaN) / divisor;
    if (!Number.isFinite(value)) return undefined;
    return isFloat ? floatJson(value) : value;
  };
}

function rawInteger(value: bigint): object {
  return rawJson(String(value));
}
