import {
  DataType,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Struct,
  type Data,
  type Float64,
  type Int32,
  type Int64,
  type Schema,
  type TimestampNanosecond,
} from 'apache-arrow';
import { RecordsError } from '../records-error.ts';
import {
  BoolWriter,
  Float64Writer,
  Int32Writer,
  Int64Writer,
  ListWriter,
  Utf8Writer,
  type ColumnWriter,
} from './column-writers.ts';

const INITIAL_ROWS = 1024;

/** A column that takes numbers. */
export type NumberWriter = Float64Writer | Int32Writer | Int64Writer;

/**
 * Collects rows of one schema in typed arrays and gives them away as one encapsulated Arrow record batch message. Columns are
 * written through the writers that the accessors return, at row {@link RecordBatchBuilder.rowCount}, then {@link endRow} is called.
 */
export class RecordBatchBuilder {
  readonly schema: Schema;
  rowCount = 0;
  readonly #writers: readonly ColumnWriter[];
  #capacity = INITIAL_ROWS;

  /** `originEpochNs` is the wall time of run time 0. */
  constructor(schema: Schema, originEpochNs: bigint) {
    this.schema = schema;
    this.#writers = schema.fields.map((field) => createWriter(field.type as DataType, originEpochNs));
    for (const writer of this.#writers) writer.reserve(INITIAL_ROWS);
  }

  numberColumn(name: string): NumberWriter {
    const writer = this.#column(name);
    if (writer instanceof Int64Writer || writer instanceof Int32Writer || writer instanceof Float64Writer) {
      return writer;
    }
    throw wrongType(name, 'number');
  }

  boolColumn(name: string): BoolWriter {
    const writer = this.#column(name);
    if (writer instanceof BoolWriter) return writer;
    throw wrongType(name, 'bool');
  }

  textColumn(name: string): Utf8Writer {
    const writer = this.#column(name);
    if (writer instanceof Utf8Writer) return writer;
    throw wrongType(name, 'utf8');
  }

  listColumn(name: string): ListWriter {
    const writer = this.#column(name);
    if (writer instanceof ListWriter) return writer;
    throw wrongType(name, 'list');
  }

  endRow(): void {
    this.rowCount++;
    if (this.rowCount < this.#capacity) return;
    this.#capacity *= 2;
    for (const writer of this.#writers) writer.reserve(this.#capacity);
  }

  /** The rows so far as one message: continuation marker, metadata, body, all 8-byte aligned. The builder is empty afterwards. */
  take(): Uint8Array {
    const children: Data[] = this.#writers.map((writer) => writer.toData(this.rowCount));
    const type = new Struct(this.schema.fields);
    const batch = new RecordBatch(this.schema, makeData({ type, length: this.rowCount, nullCount: 0, children }));
    const messages = new BatchMessageWriter();
    messages.write(batch);
    messages.finish();
    const message = messages.toUint8Array(true);
    for (const writer of this.#writers) writer.clear();
    this.rowCount = 0;
    return message;
  }

  #column(name: string): ColumnWriter {
    const writer = this.#writers[this.schema.fields.findIndex((field) => field.name === name)];
    if (writer === undefined) {
      throw new RecordsError('AIPERF_RECORDS_UNKNOWN_COLUMN', `The record schema has no column '${name}'.`);
    }
    return writer;
  }
}

/** Writes batch messages alone: encoding the schema, with its texts, would take longer than all the rest of a batch. */
class BatchMessageWriter extends RecordBatchStreamWriter {
  protected override _writeSchema(): this {
    return this;
  }

  /** The end of a stream. */
  protected override _writeFooter(): this {
    return this;
  }
}

function createWriter(type: DataType, originEpochNs: bigint): ColumnWriter {
  if (DataType.isUtf8(type)) return new Utf8Writer(type);
  if (DataType.isBool(type)) return new BoolWriter(type);
  if (DataType.isTimestamp(type)) return new Int64Writer(type as TimestampNanosecond, originEpochNs);
  if (DataType.isFloat(type)) return new Float64Writer(type as Float64);
  if (DataType.isInt(type))
    return type.bitWidth === 64 ? new Int64Writer(type as Int64) : new Int32Writer(type as Int32);
  if (DataType.isList(type)) return new ListWriter(type, DataType.isInt(type.valueType as DataType));
  throw new RecordsError('AIPERF_RECORDS_UNSUPPORTED_TYPE', `No column of Arrow type ${type.typeId} can be written.`);
}

function wrongType(name: string, wanted: string): RecordsError {
  return new RecordsError('AIPERF_RECORDS_UNSUPPORTED_TYPE', `Column '${name}' is not a ${wanted} column.`);
}
