import {
  Int64,
  RecordBatch,
  Struct,
  Timestamp,
  makeData,
  vectorFromArray,
  type Data,
  type DataType,
  type Schema,
} from 'apache-arrow';
import { encodeBatchMessage } from './batch-message.ts';

/** Values by column; what is left out is null. Timestamps are bigints in the column's unit. */
export type ColumnValues = Readonly<Record<string, unknown>>;

/** Encapsulated record batch message of some rows. For files of thousands of rows: every value passes through a JavaScript array. */
export function encodeRows(schema: Schema, rows: readonly ColumnValues[]): Uint8Array {
  const children = schema.fields.map(({ name, type }) =>
    columnData(
      type as DataType,
      rows.map((row) => row[name] ?? null),
    ),
  );
  const data = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children });
  return encodeBatchMessage(new RecordBatch(schema, data));
}

function columnData(type: DataType, values: readonly unknown[]): Data {
  // arrow-js counts timestamps in milliseconds when it builds from values, so the raw integers go through an Int64 column.
  if (type instanceof Timestamp) {
    const { length, nullCount, nullBitmap, values: data } = columnData(new Int64(), values);
    return makeData({ type, length, nullCount, nullBitmap, data: data as BigInt64Array });
  }
  const [data] = vectorFromArray(values, type).data;
  return data ?? makeData({ type, length: 0, nullCount: 0 });
}
