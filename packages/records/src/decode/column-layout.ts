import { Type, type DataType, type Field, type Schema } from 'apache-arrow';
import { RecordsError } from '../records-error.ts';

/** Where a column's parts stand among the nodes and buffers of every record batch of one schema. */
export interface ColumnLayout {
  readonly field: Field;
  readonly nodeIndex: number;
  readonly bufferIndex: number;
  readonly bufferCount: number;
}

/** Layout of all columns by name. Nodes and buffers stand in the order of a depth-first walk over the fields. */
export function columnLayouts(schema: Schema): ReadonlyMap<string, ColumnLayout> {
  const layouts = new Map<string, ColumnLayout>();
  let nodeIndex = 0;
  let bufferIndex = 0;
  for (const field of schema.fields) {
    if (layouts.has(field.name)) {
      throw new RecordsError('AIPERF_RECORDS_UNSUPPORTED_TYPE', `two columns are called "${field.name}"`);
    }
    const size = subtreeSize(field.type, field.name);
    layouts.set(field.name, { field, nodeIndex, bufferIndex, bufferCount: size.buffers });
    nodeIndex += size.nodes;
    bufferIndex += size.buffers;
  }
  return layouts;
}

function subtreeSize(type: DataType, name: string): { nodes: number; buffers: number } {
  let nodes = 1;
  let buffers = ownBufferCount(type, name);
  for (const child of (type.children as readonly Field[] | null) ?? []) {
    const size = subtreeSize(child.type, `${name}.${child.name}`);
    nodes += size.nodes;
    buffers += size.buffers;
  }
  return { nodes, buffers };
}

function ownBufferCount(type: DataType, name: string): number {
  switch (type.typeId) {
    case Type.Null:
      return 0;
    case Type.Struct:
    case Type.FixedSizeList:
      return 1;
    case Type.Int:
    case Type.Float:
    case Type.Bool:
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
    case Type.Duration:
    case Type.List:
    case Type.FixedSizeBinary:
      return 2;
    case Type.Utf8:
    case Type.Binary:
      return 3;
    default:
      throw new RecordsError(
        'AIPERF_RECORDS_UNSUPPORTED_TYPE',
        `column "${name}" has the type ${typeName(type)}, which aiperf does not store`,
      );
  }
}

/** Name of a column's type for a message, such as `Timestamp`. */
export function typeName(type: DataType): string {
  return Type[type.typeId];
}
