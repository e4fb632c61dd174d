import { grown } from '@aiperf/records';
export type Doubles = Float64Array<ArrayBuffer>;
export type Words = Uint32Array<ArrayBuffer>;
export type Bytes = Uint8Array<ArrayBuffer>;

/** A column of a table of numbers. */
export type NumberColumn = Doubles | Words | Bytes;

/** The columns of a table: what its class names, without rows and room. */
export type ColumnsOf<T extends ColumnTable> = {
  readonly [Name in keyof T as T[Name] extends NumberColumn ? Name : never]: T[Name];
};

const FIRST_CAPACITY = 64;

/**
 * Rows of numbers as typed arrays, without an object a row. A class derived from this names every column once, as a field:
 *
 *     readonly dueNs: Doubles = this.float64();
 *
 * Growth, and whatever else treats all columns alike, follow from the fields, in their order. Fields and not a list of columns, because
 * field access stays monomorphic in hot loops. Rows that were freed are used again, the latest first; the arrays are replaced when the
 * table grows, so an array is good until the next {@link takeRow} only.
 */
export class ColumnTable {
  #capacity = FIRST_CAPACITY;
  #rowsUsed = 0;
  readonly #freeRows: number[] = [];

  /** Rows in use. */
  get size(): number {
    return this.#rowsUsed - this.#freeRows.length;
  }

  /** The rows in use, ascending. Takes time for every row: not for a hot path. */
  rows(): number[] {
    const free = new Set(this.#freeRows);
    return Array.from({ length: this.#rowsUsed }, (_, row) => row).filter((row) => !free.has(row));
  }

  /** A row to be filled by the caller; it holds what was there before. */
  takeRow(): number {
    const freed = this.#freeRows.pop();
    if (freed !== undefined) return freed;
    if (this.#rowsUsed === this.#capacity) this.#grow();
    this.#rowsUsed += 1;
    return this.#rowsUsed - 1;
  }

  freeRow(row: number): void {
    this.#freeRows.push(row);
  }

  /** Frees all rows; the next one taken is row 0. */
  clear(): void {
    this.#rowsUsed = 0;
    this.#freeRows.length = 0;
  }

  protected float64(): Doubles {
    return new Float64Array(FIRST_CAPACITY);
  }

  protected uint32(): Words {
    return new Uint32Array(FIRST_CAPACITY);
  }

  protected uint8(): Bytes {
    return new Uint8Array(FIRST_CAPACITY);
  }

  #grow(): void {
    this.#capacity *= 2;
    Object.assign(
      this,
      mapColumns(columnsOf(this), (column) => grown(column, this.#capacity)),
    );
  }
}

/** The columns of a table by name, in the order of its fields. */
export function columnsOf<T extends ColumnTable>(table: T): ColumnsOf<T> {
  return mapColumns<ColumnsOf<T>>(table, (column) => column);
}

/** The same names with other columns: parts, copies. */
export function mapColumns<C extends object>(
  columns: C,
  change: (column: NumberColumn, name: string) => NumberColumn,
): C {
  const changed: Record<string, NumberColumn> = {};
  for (const name of Object.keys(columns)) changed[name] = change(columns[name as keyof C] as NumberColumn, name);
  return changed as C;
}

/** A column of the same type over these bytes. All hosts that this runs on are little-endian, as the wire is. */
export function viewLike(column: NumberColumn, buffer: ArrayBuffer, offset: number, length: number): NumberColumn {
  if (column instanceof Float64Array) return new Float64Array(buffer, offset, length);
  return column instanceof Uint32Array
    ? new Uint32Array(buffer, offset, length)
    : new Uint8Array(buffer, offset, length);
}
