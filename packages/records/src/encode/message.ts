import type { ColumnField, ColumnType } from './column-field.ts';
import { FlatbufferWriter, type Slot } from './flatbuffer.ts';

/** What a record batch is made of, in the order of its columns, a list's items after the list. */
export interface BatchParts {
  /** For each column and each list's items: length and number of nulls. */
  readonly nodes: number[];
  /** For each of them: validity (absent where nothing is null); then offsets, where it has them; then values or bytes, where it has them. */
  readonly buffers: (ArrayBufferView | undefined)[];
}

/** Where one record batch message lies in a file. */
export interface MessageBlock {
  readonly offsetBytes: number;
  /** Prefix, metadata and its padding; the body follows. */
  readonly metadataBytes: number;
  readonly bodyBytes: number;
}

/** Numbers of Arrow's `Schema.fbs` and `Message.fbs`. */
const METADATA_V5 = 4;
const HEADER = { schema: 1, recordBatch: 3 } as const;
const TYPE = { int: 2, floatingPoint: 3, binary: 4, utf8: 5, bool: 6, timestamp: 10, list: 12 } as const;
const PRECISION_DOUBLE = 2;
const UNIT_NANOSECOND = 3;
const CONTINUATION = 0xffffffff;
const OFFSET: Slot = { type: 'offset' };

/** Continuation mark and metadata length in front of every message. */
export const MESSAGE_PREFIX_BYTES = 8;

/** Ends a stream: a continuation mark and a length of zero. */
export const END_OF_STREAM: Uint8Array = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** The encapsulated schema message, the first of a stream. */
export function encodeSchema(fields: readonly ColumnField[], metadata: ReadonlyMap<string, string>): Uint8Array {
  const writer = new FlatbufferWriter();
  const header = writeMessage(writer, HEADER.schema, 0, SCHEMA_SLOTS);
  fillSchema(writer, header, fields, metadata);
  const metadataBytes = writer.finish();
  const message = new Uint8Array(MESSAGE_PREFIX_BYTES + metadataBytes.length);
  setMetadata(message, metadataBytes);
  return message;
}

/** An encapsulated record batch message in a buffer of its own, after the bytes of `head` and before those of `tail`. */
export function encodeBatch(
  rowCount: number,
  { nodes, buffers }: BatchParts,
  head: Uint8Array = NOTHING,
  tail: Uint8Array = NOTHING,
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
  const [, nodesReference = 0, layoutReference = 0] = writeMessage(writer, HEADER.recordBatch, bodyBytes, slots);
  writer.pointTo(nodesReference, writer.structs(nodes, 2));
  writer.pointTo(layoutReference, writer.structs(layout, 2));
  const metadata = writer.finish();
  const bodyStart = head.length + MESSAGE_PREFIX_BYTES + metadata.length;
  // Not from Node's shared pool: the bytes leave with their buffer, and readers want them aligned.
  const bytes = Buffer.allocUnsafeSlow(bodyStart + bodyBytes + tail.length);
  bytes.set(head);
  setMetadata(bytes.subarray(head.length), metadata);
  for (const [i, buffer] of buffers.entries()) {
    if (buffer === undefined) continue;
    const start = bodyStart + (layout[2 * i] ?? 0);
    bytes.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), start);
    bytes.fill(0, start + buffer.byteLength, start + padded(buffer.byteLength));
  }
  bytes.set(tail, bodyStart + bodyBytes);
  return bytes;
}

/** The footer of a file, without its length and the magic behind it. */
export function encodeFooter(
  fields: readonly ColumnField[],
  metadata: ReadonlyMap<string, string>,
  blocks: readonly MessageBlock[],
): Uint8Array {
  const writer = new FlatbufferWriter();
  const root = writer.reference();
  // Footer: version, schema, dictionaries, record batches (offset, length of the metadata, of the body).
  const footer = writer.table([{ type: 'i16', value: METADATA_V5 }, OFFSET, OFFSET, OFFSET]);
  writer.pointTo(root, footer.position);
  const [, schemaReference = 0, dictionaries = 0, batches = 0] = footer.fields;
  const schema = writer.table(SCHEMA_SLOTS);
  writer.pointTo(schemaReference, schema.position);
  fillSchema(writer, schema.fields, fields, metadata);
  writer.pointTo(dictionaries, writer.structs([], 3));
  const places = blocks.flatMap(({ offsetBytes, metadataBytes, bodyBytes }) => [offsetBytes, metadataBytes, bodyBytes]);
  writer.pointTo(batches, writer.structs(places, 3));
  return writer.finish();
}

const NOTHING = new Uint8Array(0);

/** Schema: endianness (little by default), fields, custom metadata. */
const SCHEMA_SLOTS: readonly Slot[] = [undefined, OFFSET, OFFSET];

function fillSchema(
  writer: FlatbufferWriter,
  [, fieldsReference = 0, metadataReference = 0]: readonly number[],
  fields: readonly ColumnField[],
  metadata: ReadonlyMap<string, string>,
): void {
  writer.pointTo(fieldsReference, writeFields(writer, fields));
  writer.pointTo(metadataReference, writeMetadata(writer, metadata));
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

function writeFields(writer: FlatbufferWriter, fields: readonly ColumnField[]): number {
  const { position, items } = writer.offsets(fields.length);
  for (const [i, field] of fields.entries()) writer.pointTo(items[i] ?? 0, writeField(writer, field));
  return position;
}

function writeMetadata(writer: FlatbufferWriter, metadata: ReadonlyMap<string, string>): number {
  const { position, items } = writer.offsets(metadata.size);
  for (const [i, pair] of [...metadata].entries()) {
    const entry = writer.table([OFFSET, OFFSET]);
    writer.pointTo(items[i] ?? 0, entry.position);
    for (const [j, text] of pair.entries()) writer.pointTo(entry.fields[j] ?? 0, writer.string(text));
  }
  return position;
}

/** Field: name, nullable, type_type, type, dictionary, children, custom_metadata. */
function writeField(writer: FlatbufferWriter, { name, type, nullable, metadata = NO_METADATA }: ColumnField): number {
  const [typeNumber, slots] = typeOf(type);
  const field = writer.table([
    OFFSET,
    { type: 'u8', value: nullable ? 1 : 0 },
    { type: 'u8', value: typeNumber },
    OFFSET,
    undefined,
    OFFSET,
    metadata.size > 0 ? OFFSET : undefined,
  ]);
  const [nameReference = 0, , , typeReference = 0, , children = 0, metadataReference = 0] = field.fields;
  writer.pointTo(nameReference, writer.string(name));
  const typeTable = writer.table(slots);
  writer.pointTo(typeReference, typeTable.position);
  if (type === 'timestamp') writer.pointTo(typeTable.fields[1] ?? 0, writer.string('UTC'));
  writer.pointTo(children, writeFields(writer, typeof type === 'string' ? [] : [type]));
  if (metadata.size > 0) writer.pointTo(metadataReference, writeMetadata(writer, metadata));
  return field.position;
}

const NO_METADATA: ReadonlyMap<string, string> = new Map();

/** Number and table of a type. */
function typeOf(type: ColumnType): readonly [number, readonly Slot[]] {
  if (typeof type === 'object') return [TYPE.list, []];
  switch (type) {
    case 'float64':
      return [TYPE.floatingPoint, [{ type: 'i16', value: PRECISION_DOUBLE }]];
    case 'uint32':
    case 'int32':
    case 'int64':
      // bitWidth, is_signed
      return [
        TYPE.int,
        [
          { type: 'i32', value: type === 'int64' ? 64 : 32 },
          { type: 'u8', value: type === 'uint32' ? 0 : 1 },
        ],
      ];
    case 'bool':
      return [TYPE.bool, []];
    case 'utf8':
      return [TYPE.utf8, []];
    case 'binary':
      return [TYPE.binary, []];
    case 'timestamp':
      return [TYPE.timestamp, [{ type: 'i16', value: UNIT_NANOSECOND }, OFFSET]];
  }
}

/** Continuation mark, length, and the metadata, whose length keeps what follows aligned to 8. */
function setMetadata(message: Uint8Array, metadata: Uint8Array): void {
  const view = new DataView(message.buffer, message.byteOffset);
  view.setUint32(0, CONTINUATION, true);
  view.setUint32(4, metadata.length, true);
  message.set(metadata, MESSAGE_PREFIX_BYTES);
}

function padded(byteLength: number): number {
  return Math.ceil(byteLength / 8) * 8;
}
