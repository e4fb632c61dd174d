import { STAMP_COLUMNS } from '@aiperf/records';
import type { BoolWriter, NumberWriter, RecordBatchBuilder, Utf8Writer } from '@aiperf/records/file';
import type { RecordSlot } from './record-slots.ts';
import { COMPUTED_COLUMNS, type RowOrigin } from './row-columns.ts';

/** A column and the place of its number in the request. */
type Stamp<Writer> = readonly [writer: Writer, number: number];
type Computed<Writer, Value> = readonly [writer: Writer, read: (slot: RecordSlot, origin: RowOrigin) => Value];

/** Writes the columns of a row that are no metrics. */
export class RowWriter {
  readonly #stamps: Stamp<NumberWriter>[] = [];
  readonly #stampFlags: Stamp<BoolWriter>[] = [];
  readonly #numbers: Computed<NumberWriter, number>[] = [];
  readonly #flags: Computed<BoolWriter, boolean>[] = [];
  readonly #texts: Computed<Utf8Writer, string | undefined>[] = [];

  constructor(builder: RecordBatchBuilder) {
    for (const { name, type, number } of STAMP_COLUMNS) {
      if (type === 'bool') this.#stampFlags.push([builder.boolColumn(name), number]);
      else this.#stamps.push([builder.numberColumn(name), number]);
    }
    for (const column of COMPUTED_COLUMNS) {
      const { name } = column;
      if (column.type === 'utf8') this.#texts.push([builder.textColumn(name), column.read]);
      else if (column.type === 'bool') this.#flags.push([builder.boolColumn(name), column.read]);
      else this.#numbers.push([builder.numberColumn(name), column.read]);
    }
  }

  write(row: number, slot: RecordSlot, origin: RowOrigin): void {
    const { numbers } = slot;
    for (const [writer, number] of this.#stamps) writer.set(row, numbers[number] as number);
    for (const [writer, number] of this.#stampFlags) writer.set(row, numbers[number] === 1);
    for (const [writer, read] of this.#numbers) writer.set(row, read(slot, origin));
    for (const [writer, read] of this.#flags) writer.set(row, read(slot, origin));
    for (const [writer, read] of this.#texts) writer.set(row, read(slot, origin));
  }
}
