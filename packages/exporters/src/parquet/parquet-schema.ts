import { Type, type DataType, type Field, type Int } from 'apache-arrow';
import type { ParquetWriter } from 'hyparquet-writer';
import { typeName } from '@aiperf/records/file';
import { ExportError } from '../export-error.ts';

/** The library does not export it by name. */
type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

/** How a column's values are handed to the Parquet library. */
export type ParquetKind = 'bool' | 'int32' | 'int64' | 'double' | 'text';

/** Schema of a Parquet file with the columns of an Arrow schema, root first. */
export function parquetSchema(fields: readonly Field[]): SchemaElement[] {
  return [{ name: 'schema', num_children: fields.length }, ...fields.flatMap(elementsOf)];
}

/** Kind of a column's values, or of its entries if it is a list. */
export function parquetKind(field: Field): ParquetKind {
  const type = (listItem(field) ?? field).type as DataType;
  switch (type.typeId) {
    case Type.Bool:
      return 'bool';
    case Type.Utf8:
      return 'text';
    case Type.Float:
      return 'double';
    case Type.Timestamp:
      return 'int64';
    case Type.Int:
      return (type as Int).bitWidth === 64 ? 'int64' : 'int32';
    default:
      throw new ExportError(
        'AIPERF_EXPORT_UNSUPPORTED_TYPE',
        `column "${field.name}" (${typeName(type)}) has no form in Parquet here`,
      );
  }
}

/** The entries' field of a list column. */
export function listItem(field: Field): Field | undefined {
  return field.type.typeId === Type.List ? (field.type.children as readonly Field[])[0] : undefined;
}

function elementsOf(field: Field): SchemaElement[] {
  const item = listItem(field);
  if (item === undefined) return [leaf(field, field.name)];
  return [
    {
      name: field.name,
      repetition_type: field.nullable ? 'OPTIONAL' : 'REQUIRED',
      num_children: 1,
      converted_type: 'LIST',
      logical_type: { type: 'LIST' },
    },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    leaf(item, 'element', field),
  ];
}

function leaf(field: Field, name: string, column: Field = field): SchemaElement {
  const repetition = { name, repetition_type: field.nullable ? ('OPTIONAL' as const) : ('REQUIRED' as const) };
  if (field.type.typeId === Type.Timestamp) {
    return { ...repetition, type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'NANOS' } };
  }
  switch (parquetKind(column)) {
    case 'bool':
      return { ...repetition, type: 'BOOLEAN' };
    case 'int32':
      return { ...repetition, type: 'INT32' };
    case 'int64':
      return { ...repetition, type: 'INT64' };
    case 'double':
      return { ...repetition, type: 'DOUBLE' };
    case 'text':
      return { ...repetition, type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } };
  }
}
