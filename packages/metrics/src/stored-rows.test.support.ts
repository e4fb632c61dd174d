import { BatchTimes } from './batch-times.ts';
import type { ColumnBatch, RecordSink } from '@aiperf/records/file';

/** A row by column name; what is not named is null. */
export type StoredRow = Readonly<Record<string, number | string | readonly number[] | undefined>>;

/** Rows in batches that can be read back column by column, as those of a record file. */
export class StoredRows implements Pick<RecordSink, 'rowCount' | 'scan'> {
  readonly #batches: readonly (readonly StoredRow[])[];
  /** Batches that were read so far. */
  readCount = 0;

  constructor(batches: readonly (readonly StoredRow[])[]) {
    this.#batches = batches;
  }

  get rowCount(): number {
    return this.#batches.reduce((sum, { length }) => sum + length, 0);
  }

  /** As the survey of the rows finds them. */
  get batchTimes(): BatchTimes {
    const times = new BatchTimes();
    for (const batch of this.#batches) {
      const all = (name: string): number[] => batch.map((row) => Number(row[name]));
      times.add(Math.min(...all('request_start_offset_ns')), Math.max(...all('request_end_offset_ns')));
    }
    return times;
  }

  async scan(
    columns: readonly string[],
    visit: (batch: ColumnBatch) => void,
    wants: (batchIndex: number) => boolean = () => true,
  ): Promise<void> {
    for (const [index, batch] of this.#batches.entries()) {
      if (!wants(index)) continue;
      this.readCount++;
      visit(new Columns(batch, columns));
    }
    await Promise.resolve();
  }
}

class Columns implements ColumnBatch {
  readonly rowCount: number;
  readonly #rows: readonly StoredRow[];
  readonly #names: readonly string[];

  constructor(rows: readonly StoredRow[], names: readonly string[]) {
    this.rowCount = rows.length;
    this.#rows = rows;
    this.#names = names;
  }

  numbers(name: string): Float64Array {
    return Float64Array.from(this.#column(name), (value) => (typeof value === 'number' ? value : Number.NaN));
  }

  list(name: string): { readonly offsets: Int32Array; readonly values: Float64Array } {
    const lists = this.#column(name).map((value) => (Array.isArray(value) ? (value as readonly number[]) : []));
    const offsets = new Int32Array(lists.length + 1);
    for (const [row, list] of lists.entries()) offsets[row + 1] = (offsets[row] ?? 0) + list.length;
    return { offsets, values: Float64Array.from(lists.flat()) };
  }

  strings(name: string): readonly (string | null)[] {
    return this.#column(name).map((value) => (typeof value === 'string' ? value : null));
  }

  #column(name: string): StoredRow[string][] {
    if (!this.#names.includes(name)) throw new Error(`column ${name} was not asked for`);
    return this.#rows.map((row) => row[name]);
  }
}
