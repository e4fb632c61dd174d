import { STAMP_COLUMNS } from '@aiperf/records';
import type { BoolWriter, NumberWriter, RecordBatchBuilder, Utf8Writer } from '@aiperf/records/file';
import type { RecordSlot } from './record-slots.ts';
import { COMPUTED_COLUMNS, type ComputedColumn, type RowOrigin } from './row-columns.ts';

interface Read<Writer, Value> {
  readonly writer: Writer;
  readonly read: (slot: RecordSlot, origin: RowOrigin) => Value;
}

/** Writes the columns of a row that are no metrics. */
export class RowWriter {
  /** With the number's place in the request. */
  readonly #stamps: readonly { readonly writer: NumberWriter; readonly number: number }[];
  readonly #stampFlags: readonly { readonly writer: BoolWriter; readonly number: number }[];
  readonly #numbers: readonly Read<NumberWriter, number>[];
  readonly #flags: readonly Read<BoolWriter, boolean>[];
  readonly #texts: readonly Read<Utf8Writer, string | undefined>[];

  constructor(builder: RecordBatchBuilder) {
    const isFlag = ({ type }: { readonly type: string }): boolean => type === 'bool';
    const isText = (column: ComputedColumn): column is ComputedColumn<'utf8'> => column.type === 'utf8';
    const isNumber = (column: ComputedColumn): column is ComputedColumn<'int32'> => !isFlag(column) && !isText(column);
    this.#stamps = STAMP_COLUMNS.filter((stamp) => !isFlag(stamp)).map(({ name, number }) => ({
      writer: builder.numberColumn(name),
      number,
    }));
    this.#stampFlags = STAMP_COLUMNS.filter(isFlag).map(({ name, number }) => ({
      writer: builder.boolColumn(name),
      number,
    }));
    this.#numbers = COMPUTED_COLUMNS.filter(isNumber).map(({ name, read }) => ({
      writer: builder.numberColumn(name),
      read,
    }));
    this.#flags = COMPUTED_COLUMNS.filter((column): column is ComputedColumn<'bool'> => isFlag(column)).map(
      ({ name, read }) => ({ writer: builder.boolColumn(name), read }),
    );
    this.#texts = COMPUTED_COLUMNS.filter(isText).map(({ name, read }) => ({ writer: builder.textColumn(name), read }));
  }

  write(row: number, slot: RecordSlot, origin: RowOrigin): void {
    const { numbers } = slot;
    for (const { writer, number } of this.#stamps) writer.set(row, numbers[number] as number);
    for (const { writer, number } of this.#stampFlags) writer.set(row, numbers[number] === 1);
    for (const { writer, read } of this.#numbers) writer.set(row, read(slot, origin));
    for (const { writer, read } of this.#flags) writer.set(row, read(slot, origin));
    for (const { writer, read } of this.#texts) writer.set(row, read(slot, origin));
  }
}
