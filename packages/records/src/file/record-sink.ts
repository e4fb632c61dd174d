import type { Schema } from 'apache-arrow';

/** Some columns of one stored record batch. */
export interface ColumnBatch {
  readonly rowCount: number;
  /** A scalar column as doubles; null is NaN. */
  numbers(name: string): Float64Array;
  /** A list column: `offsets[i]`..`offsets[i + 1]` are row i's entries of `values`. */
  list(name: string): { readonly offsets: Int32Array; readonly values: Float64Array };
  strings(name: string): readonly (string | null)[];
}

/** Where the records manager puts metric batches and reads them back for the summary. The exporters implement it as an Arrow file. */
export interface RecordSink {
  readonly rowCount: number;
  /**
   * Appends one encapsulated Arrow record batch message (metadata and body, as in an IPC stream) without decoding it. What was
   * appended is on its way to the disk when the promise resolves.
   */
  append(batchMessage: Uint8Array): Promise<void>;
  /**
   * Visits the named columns of every row appended so far, a batch at a time, in the order of appending. With `wants`, batches for whose
   * number it is false are left out without being read.
   */
  scan(
    columns: readonly string[],
    visit: (batch: ColumnBatch) => void,
    wants?: (batchIndex: number) => boolean,
  ): Promise<void>;
  /** Writes the footer; `metadata` is added to the schema's own. */
  finish(metadata: ReadonlyMap<string, string>): Promise<void>;
}

export type OpenRecordSink = (schema: Schema) => Promise<RecordSink>;
