import type { FileHandle } from 'node:fs/promises';
import type { Field } from 'apache-arrow';
import type { ArrowColumnBatch } from './arrow/column-batch.ts';
import type { RecordSource } from './arrow/file-reader.ts';
import { isMetricColumn, metricValue, plainValue, type RowText } from './jsonl-columns.ts';

/** Text is handed to the file in pieces of about this size. */
const PIECE_CHARACTERS = 1 << 20;

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
  for await (const batch of source.batches(columns)) {
    const line = lineOf(batch, fields, metrics, firstProfilingPhase);
    let piece = '';
    for (let row = 0; row < batch.rowCount; row += 1) {
      piece += line(row);
      if (piece.length < PIECE_CHARACTERS && row + 1 < batch.rowCount) continue;
      await handle.writeFile(piece);
      piece = '';
    }
  }
}

/** Compiles the columns of one batch into a function from row to line. */
function lineOf(
  batch: ArrowColumnBatch,
  fields: ReadonlyMap<string, Field>,
  metrics: readonly Field[],
  firstProfilingPhase: number,
): (row: number) => string {
  const text = (column: string): RowText => {
    const field = fields.get(column);
    return field === undefined ? () => undefined : plainValue(batch, field);
  };
  const metadata = METADATA_COLUMNS.map(([key, column]) => prefixed(key, text(column)));
  const isProfiling = text('benchmark_phase');
  const phaseIndex = text('phase_index');
  const isCancelled = text('was_cancelled');
  const correlationId = text('x_correlation_id');
  replace(metadata, 'profiling_index', (row) =>
    isProfiling(row) === '"profiling"' ? String(Number(phaseIndex(row) ?? 0) - firstProfilingPhase) : undefined,
  );
  const endTime = text('request_end_ns');
  replace(metadata, 'cancellation_time_ns', (row) => (isCancelled(row) === 'true' ? endTime(row) : undefined));
  metadata.push(
    prefixed('context_overflow_skip', () => 'false'),
    prefixed('agent_depth', () => '0'),
    prefixed('root_correlation_id', correlationId),
  );
  const values = metrics.map((field) => prefixed(field.name, metricValue(batch, field)));
  const error = ERROR_COLUMNS.map(([key, column]) => prefixed(key, text(column)));
  return (row) => {
    const errorText = object(error, row);
    const ending = errorText === '{}' ? '}\n' : `,"error":${errorText}}\n`;
    return `{"metadata":${object(metadata, row)},"metrics":${object(values, row)}${ending}`;
  };
}

interface Entry {
  readonly key: string;
  readonly prefix: string;
  readonly text: RowText;
}

function prefixed(key: string, text: RowText): Entry {
  return { key, prefix: `${JSON.stringify(key)}:`, text };
}

function replace(entries: Entry[], key: string, text: RowText): void {
  const index = entries.findIndex((entry) => entry.key === key);
  if (index !== -1) entries[index] = prefixed(key, text);
}

function object(entries: readonly Entry[], row: number): string {
  let json = '{';
  for (const { prefix, text } of entries) {
    const value = text(row);
    if (value === undefined) continue;
    if (json.length > 1) json += ',';
    json += prefix;
    json += value;
  }
  return `${json}}`;
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
