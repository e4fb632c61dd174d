import type { FileHandle } from 'node:fs/promises';
import type { Field } from 'apache-arrow';
import type { ArrowColumnBatch } from './arrow/column-batch.ts';
import type { RecordSource } from './arrow/file-reader.ts';
import { JsonBytes, JsonPiece } from './json-bytes.ts';
import { isMetricColumn, metricOpening, metricValue, plainValue, type WriteValue } from './jsonl-columns.ts';

/** Text is handed to the file in pieces of about this size. */
const PIECE_BYTES = 1 << 19;

const METADATA = new JsonPiece('{"metadata":{');
const METRICS = new JsonPiece('},"metrics":{');
const ERROR = new JsonPiece(',"error":{');
const CLOSE = new JsonPiece('}');
const END_OF_LINE = new JsonPiece('}\n');

/** Keys of `metadata`, in AIPerf's order, each with the column it comes from. */
const METADATA_COLUMNS: readonly (readonly [key: string, column: string])[] = [
  ['session_num', 'session_num'],
  ['x_request_id', 'x_request_id'],
  ['x_correlation_id', 'x_correlation_id'],
  ['conversation_id', 'conversation_id'],
  ['turn_index', 'turn_index'],
  ['credit_issued_ns', 'credit_issued_ns'],
  ['request_start_ns', 'request_start_ns'],
  ['request_ack_ns', 'request_ack_ns'],
  ['request_end_ns', 'request_end_ns'],
  ['worker_id', 'worker_id'],
  ['record_processor_id', 'record_processor_id'],
  ['benchmark_phase', 'benchmark_phase'],
  ['phase_index', 'phase_index'],
  ['profiling_index', 'phase_index'],
  ['phase_name', 'benchmark_phase'],
  ['phase_kind', 'benchmark_phase'],
  ['was_cancelled', 'was_cancelled'],
  ['cancellation_time_ns', 'request_end_ns'],
];
const ERROR_COLUMNS: readonly (readonly [key: string, column: string])[] = [
  ['code', 'error_code'],
  ['type', 'error_type'],
  ['message', 'error_message'],
  ['kind', 'error_kind'],
];

/** Writes `profile_export.jsonl`: one line a row, a batch at a time, so that memory does not grow with the rows. */
export async function writeJsonlRecords(source: RecordSource, handle: FileHandle): Promise<void> {
  const fields = new Map(source.schema.fields.map((field) => [field.name, field]));
  const metrics = source.schema.fields.filter(isMetricColumn);
  const plain = [...METADATA_COLUMNS, ...ERROR_COLUMNS].map(([, column]) => column).filter((name) => fields.has(name));
  const firstProfilingPhase = await lowestProfilingPhase(source, fields);
  const columns = [...new Set([...plain, ...metrics.map(({ name }) => name)])];
  // Two buffers: one is filled while the other is on its way to the file.
  let filling = new JsonBytes();
  let writing = new JsonBytes();
  let written: Promise<void> = Promise.resolve();
  const send = async (): Promise<void> => {
    await written;
    [filling, writing] = [writing, filling];
    filling.truncate(0);
    written = handle.writeFile(writing.view);
    // Awaited before the next piece; until then a failure must not count as unhandled.
    written.catch(() => undefined);
  };
  for await (const batch of source.batches(columns)) {
    const writeLine = lineWriter(batch, fields, metrics, firstProfilingPhase);
    for (let row = 0; row < batch.rowCount; row += 1) {
      writeLine(row, filling);
      if (filling.length >= PIECE_BYTES) await send();
    }
  }
  await send();
  await written;
}

/** Compiles the columns of one batch into a function that writes a row's line. */
function lineWriter(
  batch: ArrowColumnBatch,
  fields: ReadonlyMap<string, Field>,
  metrics: readonly Field[],
  firstProfilingPhase: number,
): (row: number, out: JsonBytes) => void {
  const plain = (column: string): WriteValue => {
    const field = fields.get(column);
    return field === undefined ? () => false : plainValue(batch, field);
  };
  const computed: Readonly<Record<string, (write: WriteValue) => WriteValue>> = {
    profiling_index: () => profilingIndex(batch, fields, firstProfilingPhase),
    cancellation_time_ns: (write) => ifCancelled(batch, fields, write),
  };
  const metadata = METADATA_COLUMNS.map(([key, column]) => entry(key, computed[key]?.(plain(column)) ?? plain(column)));
  metadata.push(
    entry('context_overflow_skip', constant('false')),
    entry('agent_depth', constant('0')),
    entry('root_correlation_id', plain('x_correlation_id')),
  );
  const values = metrics.map((field) => entry(field.name, metricValue(batch, field), metricOpening(field)));
  const error = ERROR_COLUMNS.map(([key, column]) => entry(key, plain(column)));
  return (row, out) => {
    out.raw(METADATA);
    writeEntries(metadata, row, out);
    out.raw(METRICS);
    writeEntries(values, row, out);
    out.raw(CLOSE);
    const before = out.length;
    out.raw(ERROR);
    if (writeEntries(error, row, out)) out.raw(CLOSE);
    else out.truncate(before);
    out.raw(END_OF_LINE);
  };
}

/** A key with its value. */
interface Entry {
  readonly first: JsonPiece;
  readonly next: JsonPiece;
  readonly write: WriteValue;
}

/** `opening` belongs to every value of the entry. */
function entry(key: string, write: WriteValue, opening = ''): Entry {
  const first = `${JSON.stringify(key)}:${opening}`;
  return { first: new JsonPiece(first), next: new JsonPiece(`,${first}`), write };
}

/** Writes the entries that have a value; whether there was one. */
function writeEntries(entries: readonly Entry[], row: number, out: JsonBytes): boolean {
  let isEmpty = true;
  for (const { first, next, write } of entries) {
    const before = out.length;
    out.raw(isEmpty ? first : next);
    if (write(row, out)) isEmpty = false;
    else out.truncate(before);
  }
  return !isEmpty;
}

function constant(text: string): WriteValue {
  const piece = new JsonPiece(text);
  return (_row, out) => {
    out.raw(piece);
    return true;
  };
}

function profilingIndex(
  batch: ArrowColumnBatch,
  fields: ReadonlyMap<string, Field>,
  firstProfilingPhase: number,
): WriteValue {
  if (!fields.has('phase_index') || !fields.has('benchmark_phase')) return () => false;
  const indices = batch.numbers('phase_index');
  const phases = batch.strings('benchmark_phase');
  return (row, out) => {
    if (phases[row] !== 'profiling') return false;
    out.integer((indices[row] ?? 0) - firstProfilingPhase);
    return true;
  };
}

function ifCancelled(batch: ArrowColumnBatch, fields: ReadonlyMap<string, Field>, write: WriteValue): WriteValue {
  if (!fields.has('was_cancelled')) return () => false;
  const isCancelled = batch.numbers('was_cancelled');
  return (row, out) => isCancelled[row] === 1 && write(row, out);
}

/** Profiling phases are counted from zero whatever came before them. */
async function lowestProfilingPhase(source: RecordSource, fields: ReadonlyMap<string, Field>): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  if (!fields.has('phase_index') || !fields.has('benchmark_phase')) return 0;
  for await (const batch of source.batches(['phase_index', 'benchmark_phase'])) {
    const indices = batch.numbers('phase_index');
    const phases = batch.strings('benchmark_phase');
    for (let row = 0; row < batch.rowCount; row += 1) {
      if (phases[row] === 'profiling') lowest = Math.min(lowest, indices[row] ?? lowest);
    }
  }
  return lowest;
}
