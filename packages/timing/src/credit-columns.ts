import { ColumnTable, mapColumns } from './column-table.ts';
import type { Bytes, ColumnsOf, Doubles, Words } from './column-table.ts';

/** What a credit is made of, one row a credit, in the order on the wire. The columns mean what the fields of `Credit` mean. */
export class CreditColumns extends ColumnTable {
  readonly ids: Doubles = this.float64();
  readonly sessionNumbers: Doubles = this.float64();
  /** Run nanoseconds; NaN: as soon as there is a slot. */
  readonly dueNs: Doubles = this.float64();
  readonly delaysNs: Doubles = this.float64();
  readonly cancelAfterNs: Doubles = this.float64();
  readonly conversationIndexes: Words = this.uint32();
  readonly turnIndexes: Words = this.uint32();
  readonly turnCounts: Words = this.uint32();
}

/** What a worker says of a credit that it returns, in the order on the wire. */
export class ReturnColumns extends ColumnTable {
  readonly ids: Doubles = this.float64();
  /** Index into `CREDIT_OUTCOMES`. */
  readonly outcomes: Bytes = this.uint8();
}

/** The rows of a table from which none was freed, without copying: they are overwritten by what is added after a `clear`. */
export function usedRows<T extends ColumnTable>(table: T): ColumnsOf<T> {
  return mapColumns<ColumnsOf<T>>(table, (column) => column.subarray(0, table.size));
}
