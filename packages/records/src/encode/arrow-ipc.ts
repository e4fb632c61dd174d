import { FlatbufferWriter, type Slot } from './flatbuffer.ts';

/** Types that raw batches use; none of the columns has nulls. */
export type ColumnType =
  | 'float64'
  | 'uint32'
  | 'uint8'
  | 'utf8'
  | 'binary'
  | 'list<float64>'
  | 'list<uint32>'
  | 'list<utf8>';

/** Name and type of one column. */
export interface ColumnField {
  readonly name: string;
  readonly type: ColumnType;
}

/** Numbers of Arrow's `Schema.fbs` and `Message.fbs`. */
const METADATA_V5 = 4;
const HEADER = { schema: 1, recordBatch: 3 } as const;
const TYPE = { int: 2, floatingPoint: 3, binary: 4, utf8: 5, list: 12 } as const;
const PRECISION_DOUBLE = 2;
const CONTINUATION = 0xffffffff;
const PREFIX_BYTES = 8;
const OFFSET: Slot = { type: 'offset' };

/** Ends a stream: a continuation mark and a length of zero. */
const END_OF_STREAM_BYTES = 8;

/** The encapsulated schema message, the first of a stream. */
export function encodeSchema(fields: readonly ColumnField[], metadata: ReadonlyMap<string, string>): Uint8Array {
  const writer = new FlatbufferWriter();
  // Schema: endianness (little by default), fields, custom_metadata.
  const [fieldsReference, metadataReference] = writeMessage(writer, HEADER.schema, 0, [
    undefined,
    OFFSET,
    OFFSET,
  ]).slice(1);
  const { position, items } = writer.offsets(fields.length);
  writer.pointTo(fieldsReference ?? 0, position);
  for (const [i, field] of fields.entries()) writer.pointTo(items[i] ?? 0, writeField(writer, field.name, field.type));
  const entries = writer.offsets(metadata.size);
  writer.pointTo(metadataReference ?? 0, entries.position);
  for (const [i, pair] of [...metadata].entries()) {
    const entry = writer.table([OFFSET, OFFSET]);
    writer.pointTo(entries.items[i] ?? 0, entry.position);
    for (const [j, text] of pair.entries()) writer.pointTo(entry.fields[j] ?? 0, writer.string(text));
  }
  return encapsulated(writer.finish());
}

/**
 * A whole stream of one record batch: the schema message, the batch, the end. `buffers` are the columns' buffers in Arrow's order
 * without the validity bitmaps: values; offsets and bytes; or offsets and then the items' own buffers. `lengths` are the
 * lengths of the columns, with each list's items after the list.
 */
export function encodeStream(
  schemaMessage: Uint8Array,
  rowCount: number,
  lengths: readonly number[],
  buffers: readonly (ArrayBufferView | undefined)[],
): Uint8Array {
  const layout: number[] = [];
  let bodyBytes = 0;
  for (const buffer of buffers) {
    const byteLength = buffer?.byteLength ?? 0;
    layout.push(bodyBytes, byteLength);
    bodyBytes += padded(byteLength);
  }
  const writer = new FlatbufferWriter();
  // RecordBatch: length, nodes (length and null count), buffers (offset and length).
  const slots: readonly Slot[] = [{ type: 'i64', value: rowCount }, OFFSET, OFFSET];
  const [nodes, layouts] = writeMessage(writer, HEADER.recordBatch, bodyBytes, slots).slice(1);
  writer.pointTo(nodes ?? 0, writer.pairs(lengths.flatMap((length) => [length, 0])));
  writer.pointTo(layouts ?? 0, writer.pairs(layout));
  const batchMessage = encapsulated(writer.finish());
  const bodyStart = schemaMessage.length + batchMessage.length;
  // Not from Node's shared pool: the bytes leave with their buffer, and readers want them aligned.
  const stream = Buffer.allocUnsafeSlow(bodyStart + bodyBytes + END_OF_STREAM_BYTES);
  stream.set(schemaMessage);
  stream.set(batchMessage, schemaMessage.length);
  for (const [i, buffer] of buffers.entries()) {
    if (buffer === undefined) continue;
    const start = bodyStart + (layout[2 * i] ?? 0);
    stream.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), start);
    stream.fill(0, start + buffer.byteLength, start + padded(buffer.byteLength));
  }
  stream.writeUInt32LE(CONTINUATION, bodyStart + bodyBytes);
  stream.writeUInt32LE(0, bodyStart + bodyBytes + 4);
  return stream;
}

/** Writes the root and the message with its header table; returns the positions of the header's fields. */
function writeMessage(
  writer: FlatbufferWriter,
  headerType: number,
  bodyBytes: number,
  header: readonly Slot[],
): readonly number[] {
  const root = writer.reference();
  const message = writer.table([
    { type: 'i16', value: METADATA_V5 },
    { type: 'u8', value: headerType },
    OFFSET,
    { type: 'i64', value: bodyBytes },
  ]);
  writer.pointTo(root, message.position);
  const table = writer.table(header);
  writer.pointTo(message.fields[2] ?? 0, table.position);
  return table.fields;
}

/** Field: name, nullable, type_type, type, dictionary, children. */
function writeField(writer: FlatbufferWriter, name: string, type: ColumnType): number {
  const [typeNumber, slots] = typeOf(type);
  const field = writer.table([OFFSET, undefined, { type: 'u8', value: typeNumber }, OFFSET, undefined, OFFSET]);
  writer.pointTo(field.fields[0] ?? 0, writer.string(name));
  writer.pointTo(field.fields[3] ?? 0, writer.table(slots).position);
  const itemType = itemTypeOf(type);
  const children = writer.offsets(itemType === undefined ? 0 : 1);
  writer.pointTo(field.fields[5] ?? 0, children.position);
  if (itemType !== undefined) writer.pointTo(children.items[0] ?? 0, writeField(writer, 'item', itemType));
  return field.position;
}

function typeOf(type: ColumnType): readonly [number, readonly Slot[]] {
  switch (type) {
    case 'float64':
      return [TYPE.floatingPoint, [{ type: 'i16', value: PRECISION_DOUBLE }]];
    case 'uint32':
      return [TYPE.int, [{ type: 'i32', value: 32 }]];
    case 'uint8':
      return [TYPE.int, [{ type: 'i32', value: 8 }]];
    case 'utf8':
      return [TYPE.utf8, []];
    case 'binary':
      return [TYPE.binary, []];
    case 'list<float64>':
    case 'list<uint32>':
    case 'list<utf8>':
      return [TYPE.list, []];
  }
}

function itemTypeOf(type: ColumnType): ColumnType | undefined {
  if (type === 'list<float64>') return 'float64';
  if (type === 'list<uint32>') return 'uint32';
  return type === 'list<utf8>' ? 'utf8' : undefined;
}

/** Adds the continuation mark and the length; the header's length keeps what follows aligned to 8. */
function encapsulated(header: Uint8Array): Uint8Array {
  const message = new Uint8Array(PREFIX_BYTES + header.length);
  const view = new DataView(message.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, header.length, true);
  message.set(header, PREFIX_BYTES);
  return message;
}

function padded(byteLength: number): number {
  return Math.ceil(byteLength / 8) * 8;
}
