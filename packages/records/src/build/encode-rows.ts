import type { Schema } from 'apache-arrow';
import { RecordBatchBuilder } from './record-batch-builder.ts';

/** Values by column; what is left out is null. Timestamps are bigints in the column's unit. */
export type ColumnValues = Readonly<Record<string, unknown>>;

/** Encapsulated record batch message of some rows. For files of thousands of rows: every value is looked at. */
export function encodeRows(schema: Schema, rows: readonly ColumnValues[]): Uint8Array {
  const builder = new RecordBatchBuilder(schema, 0n);
  for (const row of rows) builder.addRow(row);
  return builder.take();
}
