import { Bool, Field, Float64, Int32, Int64, Schema, TimestampNanosecond, Utf8 } from 'apache-arrow';
import type { TimeSlice } from '@aiperf/metrics';
import { STATISTICS, isFinite } from './result-order.ts';
import { METADATA_KEYS } from './run/run-metadata.ts';
import { ArrowFileWriter, encodeRows, type ColumnValues } from '@aiperf/records/file';

/** Version of the layout; see `RECORD_SCHEMA_VERSION` of the metrics for what its numbers mean. */
export const SLICES_SCHEMA_VERSION = '1.0';
const ROWS_PER_BATCH = 4096;

function column(name: string, type: Field['type'], description: string, nullable = false): Field {
  return new Field(name, type, nullable, new Map([['header', description]]));
}

/** Columns of `profile_export_timeslices.arrow`: one row a slice and metric, values in display units. */
export const SLICE_FIELDS: readonly Field[] = [
  column('timeslice', new Int32(), 'Slice, counted from zero; slices in which no request started are left out'),
  column('start_ns', new TimestampNanosecond('UTC'), 'Start of the slice'),
  column('end_ns', new TimestampNanosecond('UTC'), 'End of the slice'),
  column('is_complete', new Bool(), 'False for a last slice that is shorter than the others'),
  column('metric', new Utf8(), 'Tag of the metric'),
  column('header', new Utf8(), 'Name of the metric'),
  column('unit', new Utf8(), 'Unit of all statistics of the row but count'),
  ...STATISTICS.map((name) =>
    name === 'count'
      ? column(name, new Int64(), 'Number of values', true)
      : column(name, new Float64(), `Statistic ${name}`, true),
  ),
];

/** Writes the file, which must not exist. */
export async function writeSlicesArrow(
  path: string,
  slices: readonly TimeSlice[],
  metadata: ReadonlyMap<string, string>,
): Promise<void> {
  const schema = new Schema(
    [...SLICE_FIELDS],
    new Map([...metadata, [METADATA_KEYS.schemaVersion, SLICES_SCHEMA_VERSION]]),
  );
  const writer = await ArrowFileWriter.create(path, schema);
  try {
    let rows: ColumnValues[] = [];
    for (const [index, slice] of slices.entries()) {
      rows.push(...sliceRows(index, slice));
      if (rows.length < ROWS_PER_BATCH) continue;
      await writer.append(encodeRows(schema, rows));
      rows = [];
    }
    if (rows.length > 0) await writer.append(encodeRows(schema, rows));
    await writer.finish(new Map());
  } finally {
    await writer.abandon();
  }
}

function sliceRows(timeslice: number, { startEpochNs, endEpochNs, isComplete, metrics }: TimeSlice): ColumnValues[] {
  const slice = { timeslice, start_ns: BigInt(startEpochNs), end_ns: BigInt(endEpochNs), is_complete: isComplete };
  return metrics.map((result) => {
    const { tag: metric, header, unit } = result;
    const values = STATISTICS.map((name) => {
      const value = result[name];
      if (!isFinite(value)) return [name, null];
      return [name, name === 'count' ? BigInt(value) : value];
    });
    return { ...slice, metric, header, unit, ...(Object.fromEntries(values) as ColumnValues) };
  });
}
