import type { Field } from 'apache-arrow';
import type { ArrowColumnBatch, RecordSource } from '@aiperf/records/file';
import { JsonPiece, type JsonBytes } from './json-bytes.ts';
import { plainValue, type WriteValue } from './jsonl-columns.ts';

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

/** Columns of a row that are no metrics; files of older runs lack some. */
export const PLAIN_COLUMNS: readonly string[] = [
  ...new Set([...METADATA_COLUMNS, ...ERROR_COLUMNS].map(([, column]) => column)),
];

/** What rows are written with besides their own columns. */
export interface RowContext {
  readonly fields: ReadonlyMap<string, Field>;
  /** Lowest index of a profiling phase: profiling phases are counted from zero whatever came before them. */
  readonly firstProfilingPhase: number;
  /** By phase index; a phase without a name goes by its kind. */
  readonly phaseNames: readonly string[];
}

/** Reads the context of a source's rows. */
export async function rowContext(source: RecordSource, phaseNames: readonly string[]): Promise<RowContext> {
  const fields = new Map(source.schema.fields.map((field) => [field.name, field]));
  return { fields, phaseNames, firstProfilingPhase: await lowestProfilingPhase(source, fields) };
}

/** Entries of the object `metadata` of a batch's rows. */
export function metadataEntries(batch: ArrowColumnBatch, context: RowContext): readonly Entry[] {
  const { fields } = context;
  const plain = (column: string): WriteValue => plainOf(batch, fields, column);
  const computed: Readonly<Record<string, (write: WriteValue) => WriteValue>> = {
    profiling_index: () => profilingIndex(batch, fields, context.firstProfilingPhase),
    phase_name: (write) => phaseName(batch, context, write),
    cancellation_time_ns: (write) => ifCancelled(batch, fields, write),
  };
  return [
    ...METADATA_COLUMNS.map(([key, column]) => entry(key, computed[key]?.(plain(column)) ?? plain(column))),
    entry('context_overflow_skip', constant('false')),
    entry('agent_depth', constant('0')),
    entry('root_correlation_id', plain('x_correlation_id')),
  ];
}

/** Entries of the object `error` of a batch's rows. */
export function errorEntries(batch: ArrowColumnBatch, { fields }: RowContext): readonly Entry[] {
  return ERROR_COLUMNS.map(([key, column]) => entry(key, plainOf(batch, fields, column)));
}

function plainOf(batch: ArrowColumnBatch, fields: ReadonlyMap<string, Field>, column: string): WriteValue {
  const field = fields.get(column);
  return field === undefined ? () => false : plainValue(batch, field);
}

/** A key with its value. */
export interface Entry {
  readonly first: JsonPiece;
  readonly next: JsonPiece;
  readonly write: WriteValue;
}

/** Makes an entry; `opening` belongs to every value of the entry. */
export function entry(key: string, write: WriteValue, opening = ''): Entry {
  const first = `${JSON.stringify(key)}:${opening}`;
  return { first: new JsonPiece(first), next: new JsonPiece(`,${first}`), write };
}

/** Writes the entries that have a value; whether there was one. */
export function writeEntries(entries: readonly Entry[], row: number, out: JsonBytes): boolean {
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

function phaseName(batch: ArrowColumnBatch, { fields, phaseNames }: RowContext, write: WriteValue): WriteValue {
  if (!fields.has('phase_index')) return write;
  const indices = batch.numbers('phase_index');
  const names = phaseNames.map((name) => new JsonPiece(JSON.stringify(name)));
  return (row, out) => {
    const name = names[indices[row] ?? -1];
    if (name === undefined) return write(row, out);
    out.raw(name);
    return true;
  };
}

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
