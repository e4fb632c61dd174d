import {
  DataType,
  Precision,
  TimeUnit,
  type Field,
  type Float,
  type Int,
  type Schema,
  type Timestamp,
} from 'apache-arrow';
import { typeName } from '../decode/column-layout.ts';
import { RecordsError } from '../records-error.ts';
import type { ColumnField, ColumnType } from './column-field.ts';
import { encodeSchema } from './message.ts';

/** A schema's columns as the encoder takes them. Throws for a type that is not written. */
export function fieldsOf({ fields }: Schema): ColumnField[] {
  return fields.map(fieldOf);
}

/** Encapsulated schema message, as at the start of a stream. */
export function encodeSchemaMessage(schema: Schema): Uint8Array {
  return encodeSchema(fieldsOf(schema), schema.metadata);
}

function fieldOf({ name, type, nullable, metadata }: Field): ColumnField {
  return { name, type: columnType(type as DataType, name), nullable, metadata };
}

function columnType(type: DataType, name: string): ColumnType {
  if (DataType.isUtf8(type)) return 'utf8';
  if (DataType.isBool(type)) return 'bool';
  if (DataType.isBinary(type)) return 'binary';
  if (DataType.isFloat(type) && (type as Float).precision === Precision.DOUBLE) return 'float64';
  if (DataType.isTimestamp(type)) {
    const { unit, timezone } = type as Timestamp;
    if (unit === TimeUnit.NANOSECOND && timezone === 'UTC') return 'timestamp';
  }
  if (DataType.isInt(type)) {
    const { bitWidth, isSigned } = type as Int;
    if (bitWidth === 32) return isSigned ? 'int32' : 'uint32';
    if (bitWidth === 64 && isSigned) return 'int64';
  }
  const [item] = type.children as readonly Field[];
  if (DataType.isList(type) && item !== undefined) return fieldOf(item);
  throw new RecordsError(
    'AIPERF_RECORDS_UNSUPPORTED_TYPE',
    `column "${name}" has the type ${typeName(type)}, which aiperf does not store`,
  );
}
