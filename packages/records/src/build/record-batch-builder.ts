import type { Schema } from 'apache-arrow';
import { fieldsOf } from '../encode/arrow-fields.ts';
import type { ColumnField } from '../encode/column-field.ts';
import { encodeBatch, type BatchParts } from '../encode/message.ts';
import { RecordsError } from '../records-error.ts';
import {
  BinaryWriter,
  BoolWriter,
  ListWriter,
  NumberWriter,
  Utf8Writer,
  type ColumnWriter,
  type NumberType,
} from './column-writers.ts';

const INITIAL_ROWS = 1024;

/**
 * Collects rows of one schema in typed arrays and gives them away as one encapsulated Arrow record batch message. Columns are
 * written through the writers that the accessors return, at row {@link RecordBatchBuilder.rowCount}, then {@link endRow} is called.
 */
export class RecordBatchBuilder {
  readonly schema: Schema;
  rowCount = 0;
  readonly #writers: ReadonlyMap<string, ColumnWriter>;
  #capacity = INITIAL_ROWS;

  /** `originEpochNs` is the wall time of run time 0. */
  constructor(schema: Schema, originEpochNs: bigint) {
    this.schema = schema;
    this.#writers = new Map(fieldsOf(schema).map((field) => [field.name, createWriter(field, originEpochNs)]));
    for (const writer of this.#writers.values()) writer.reserve(INITIAL_ROWS);
  }

  numberColumn(name: string): NumberWriter {
    return this.#column(name, NumberWriter, 'number');
  }

  boolColumn(name: string): BoolWriter {
    return this.#column(name, BoolWriter, 'bool');
  }

  textColumn(name: string): Utf8Writer {
    return this.#column(name, Utf8Writer, 'utf8');
  }

  listColumn(name: string): ListWriter {
    return this.#column(name, ListWriter, 'list');
  }

  /** Adds a row from values by column, for few rows. What is left out is null; bigints are taken as they are, without the origin. */
  addRow(values: Readonly<Record<string, unknown>>): void {
    for (const [name, writer] of this.#writers) writer.setValue(this.rowCount, values[name]);
    this.endRow();
  }

  endRow(): void {
    this.rowCount++;
    if (this.rowCount < this.#capacity) return;
    this.#capacity *= 2;
    for (const writer of this.#writers.values()) writer.reserve(this.#capacity);
  }

  /** The rows so far as one message: continuation marker, metadata, body, all 8-byte aligned. The builder is empty afterwards. */
  take(): Uint8Array {
    const parts: BatchParts = { nodes: [], buffers: [] };
    for (const writer of this.#writers.values()) writer.addTo(parts, this.rowCount);
    const message = encodeBatch(this.rowCount, parts);
    for (const writer of this.#writers.values()) writer.clear();
    this.rowCount = 0;
    return message;
  }

  #column<W extends ColumnWriter>(name: string, kind: new (...args: never[]) => W, wanted: string): W {
    const writer = this.#writers.get(name);
    if (writer instanceof kind) return writer;
    if (writer === undefined) {
      throw new RecordsError('AIPERF_RECORDS_UNKNOWN_COLUMN', `The record schema has no column '${name}'.`);
    }
    throw new RecordsError('AIPERF_RECORDS_UNSUPPORTED_TYPE', `Column '${name}' is not a ${wanted} column.`);
  }
}

function createWriter({ name, type }: ColumnField, originEpochNs: bigint): ColumnWriter {
  if (typeof type === 'object') return new ListWriter(itemType(type));
  switch (type) {
    case 'utf8':
      return new Utf8Writer();
    case 'binary':
      return new BinaryWriter();
    case 'bool':
      return new BoolWriter();
    case 'timestamp':
      return new NumberWriter('int64', originEpochNs);
    case 'float64':
    case 'int32':
    case 'int64':
      return new NumberWriter(type);
    case 'uint32':
      throw cannotBuild(name, type);
  }
}

function itemType({ name, type }: ColumnField): NumberType {
  if (type === 'float64' || type === 'int32' || type === 'int64') return type;
  throw cannotBuild(name, typeof type === 'string' ? type : 'list');
}

function cannotBuild(name: string, type: string): RecordsError {
  return new RecordsError('AIPERF_RECORDS_UNSUPPORTED_TYPE', `Column '${name}' of type ${type} cannot be built.`);
}
