import type { FileHandle } from 'node:fs/promises';
import type { Field } from 'apache-arrow';
import { ByteWriter, ParquetWriter, type ColumnSource } from 'hyparquet-writer';
import type { ArrowColumnBatch, RecordSource } from '@aiperf/records/file';
import { encodeSchemaMessage } from '@aiperf/records/file';
import { listItem, parquetKind, parquetSchema } from './parquet-schema.ts';

/** Rows of a row group; what is in memory is a row group of one column at a time, and the encoded bytes of all. */
const GROUP_ROWS = 16_384;

/**
 * Writes the rows of an Arrow file as Parquet, with Snappy. Units and descriptions are in the Arrow schema that the file carries, as pyarrow
 * writes it; the schema's metadata are key-value pairs of the file.
 */
export async function writeParquet(source: RecordSource, handle: FileHandle): Promise<void> {
  const { fields, metadata } = source.schema;
  const bytes = new FlushedBytes(handle);
  const arrowSchema = Buffer.from(encodeSchemaMessage(source.schema)).toString('base64');
  const writer = new ParquetWriter({
    writer: bytes,
    schema: parquetSchema(fields),
    createdBy: 'aiperf',
    kvMetadata: [...metadata, ['ARROW:schema', arrowSchema] as const].map(([key, value]) => ({ key, value })),
  });
  const group = new RowGroup(fields);
  const writeGroup = async (): Promise<void> => {
    await writer.write({ columnData: group.take(), rowGroupSize: GROUP_ROWS });
    await bytes.toFile();
  };
  for await (const batch of source.batches(fields.map(({ name }) => name))) {
    if (group.rowCount > 0 && group.rowCount + batch.rowCount > GROUP_ROWS) await writeGroup();
    group.add(batch);
  }
  if (group.rowCount > 0) await writeGroup();
  await writer.finish();
  await bytes.toFile();
}

/** The library's buffer, emptied into a file after each row group. */
class FlushedBytes extends ByteWriter {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    super();
    this.#handle = handle;
  }

  /** The library wants the whole at its end; here the file has it. */
  override finish(): void {}

  async toFile(): Promise<void> {
    const bytes = new Uint8Array(this.buffer, 0, this.index);
    await this.#handle.writeFile(bytes);
    this.index = 0;
  }
}

type Value = boolean | number | bigint | string | undefined;

/** Rows of some batches, by column. */
class RowGroup {
  rowCount = 0;
  readonly #columns: readonly { readonly field: Field; values: (Value | readonly Value[])[] }[];

  constructor(fields: readonly Field[]) {
    this.#columns = fields.map((field) => ({ field, values: [] }));
  }

  add(batch: ArrowColumnBatch): void {
    this.rowCount += batch.rowCount;
    for (const { field, values } of this.#columns) appendValues(values, batch, field);
  }

  take(): ColumnSource[] {
    this.rowCount = 0;
    return this.#columns.map((column) => {
      const { field, values: data } = column;
      column.values = [];
      // Numbers hardly ever repeat: looking for a dictionary costs more than all the rest.
      return { name: field.name, data, ...(parquetKind(field) === 'text' ? {} : { encoding: plainEncoding(field) }) };
    });
  }
}

function plainEncoding(field: Field): 'PLAIN' | 'RLE' {
  return parquetKind(field) === 'bool' ? 'RLE' : 'PLAIN';
}

/** Adds the values of one column; null is `undefined`. */
function appendValues(values: (Value | readonly Value[])[], batch: ArrowColumnBatch, field: Field): void {
  const { name } = field;
  const nulls = batch.nulls(name);
  const { rowCount } = batch;
  if (listItem(field) !== undefined) {
    const isInteger = parquetKind(field) === 'int64';
    const list = batch.list(name);
    for (let row = 0; row < rowCount; row += 1) {
      const entries = Array.from(list.values.subarray(list.offsets[row] ?? 0, list.offsets[row + 1] ?? 0));
      values.push(nulls?.[row] === 1 ? undefined : isInteger ? entries.map(BigInt) : entries);
    }
    return;
  }
  switch (parquetKind(field)) {
    case 'text':
      for (const text of batch.strings(name)) values.push(text ?? undefined);
      return;
    case 'int64': {
      const numbers = batch.bigints(name);
      for (let row = 0; row < rowCount; row += 1) values.push(nulls?.[row] === 1 ? undefined : numbers[row]);
      return;
    }
    case 'bool': {
      const numbers = batch.numbers(name);
      for (let row = 0; row < rowCount; row += 1) values.push(nulls?.[row] === 1 ? undefined : numbers[row] === 1);
      return;
    }
    case 'int32':
    case 'double': {
      const numbers = batch.numbers(name);
      for (let row = 0; row < rowCount; row += 1) values.push(nulls?.[row] === 1 ? undefined : numbers[row]);
    }
  }
}
