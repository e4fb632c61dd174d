import type { FileHandle } from 'node:fs/promises';
import type { ArrowColumnBatch, RecordSource } from '@aiperf/records/file';
import { JsonFile } from './json-file.ts';
import { JsonPiece, type JsonBytes } from './json-bytes.ts';
import { isMetricColumn, metricOpening, metricValue } from './jsonl-columns.ts';
import {
  PLAIN_COLUMNS,
  entry,
  errorEntries,
  metadataEntries,
  rowContext,
  writeEntries,
  type RowContext,
} from './jsonl-metadata.ts';
import { TRACE_COLUMNS, traceEntries } from './jsonl-trace.ts';

const METADATA = new JsonPiece('{"metadata":{');
const METRICS = new JsonPiece('},"metrics":{');
const TRACE = new JsonPiece(',"trace_data":{');
const ERROR = new JsonPiece(',"error":{');
const CLOSE = new JsonPiece('}');
const END_OF_LINE = new JsonPiece('}\n');

/** What lines hold besides the metrics. */
export interface JsonlOptions {
  /** By phase index. */
  readonly phaseNames?: readonly string[];
  /** Adds `trace_data`, the phases of the HTTP request. */
  readonly hasHttpTrace?: boolean;
}

/** Writes `profile_export.jsonl`: one line a row, a batch at a time, so that memory does not grow with the rows. */
export async function writeJsonlRecords(
  source: RecordSource,
  handle: FileHandle,
  { phaseNames = [], hasHttpTrace = false }: JsonlOptions = {},
): Promise<void> {
  const context = await rowContext(source, phaseNames);
  const metrics = source.schema.fields.filter(isMetricColumn).map(({ name }) => name);
  const trace = hasHttpTrace ? TRACE_COLUMNS : [];
  const columns = [...new Set([...PLAIN_COLUMNS, ...trace, ...metrics])].filter((name) => context.fields.has(name));
  const file = new JsonFile(handle);
  for await (const batch of source.batches(columns)) {
    const writeLine = lineWriter(batch, context, metrics, hasHttpTrace);
    for (let row = 0; row < batch.rowCount; row += 1) {
      writeLine(row, file.out);
      if (file.isFull) await file.flush();
    }
  }
  await file.close();
}

/** Compiles the columns of one batch into a function that writes a row's line. */
function lineWriter(
  batch: ArrowColumnBatch,
  context: RowContext,
  metrics: readonly string[],
  hasHttpTrace: boolean,
): (row: number, out: JsonBytes) => void {
  const metadata = metadataEntries(batch, context);
  const values = metrics.flatMap((name) => {
    const field = context.fields.get(name);
    return field === undefined ? [] : [entry(name, metricValue(batch, field), metricOpening(field))];
  });
  const trace = hasHttpTrace ? traceEntries(batch, context) : [];
  const error = errorEntries(batch, context);
  const optional = [
    { opening: TRACE, entries: trace },
    { opening: ERROR, entries: error },
  ];
  return (row, out) => {
    out.raw(METADATA);
    writeEntries(metadata, row, out);
    out.raw(METRICS);
    writeEntries(values, row, out);
    out.raw(CLOSE);
    for (const { opening, entries } of optional) {
      const before = out.length;
      out.raw(opening);
      if (writeEntries(entries, row, out)) out.raw(CLOSE);
      else out.truncate(before);
    }
    out.raw(END_OF_LINE);
  };
}
