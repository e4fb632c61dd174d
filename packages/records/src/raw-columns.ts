import type { ColumnField, ColumnType } from './encode/column-field.ts';
import { NUMBER_NAMES } from './request-columns.ts';

/** The text columns of a raw batch in their order; those of the error are null where there is none. */
export const TEXT_COLUMN_NAMES = ['status_text', 'content_type', 'error_code', 'error_type', 'error_message'] as const;

/** Raised when a reader of the old layout would misread the new one. */
export const RAW_BATCH_FORMAT_VERSION = '3';

/**
 * The columns of a raw batch in their order, none but the error's texts with nulls: the numbers of a request under their names, texts, one entry a read,
 * one reply for each turn before, and the body. Schema metadata: `worker_id`, `format_version`.
 *
 * All numbers are doubles, ids too, because Arrow's 64-bit integers would be BigInts here, and because columns of one type are filled and
 * read in one loop.
 */
export const RAW_BATCH_FIELDS: readonly ColumnField[] = [
  ...NUMBER_NAMES.map((name) => field(name, 'float64')),
  ...TEXT_COLUMN_NAMES.map((name) => field(name, 'utf8', name.startsWith('error_'))),
  field('read_ns', field('item', 'float64')),
  field('read_lengths', field('item', 'uint32')),
  field('history_replies', field('item', 'utf8')),
  field('body', 'binary'),
];

function field(name: string, type: ColumnType, nullable = false): ColumnField {
  return { name, type, nullable };
}
