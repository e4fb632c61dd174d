import { Type, type Field, type Message, type MessageHeader } from 'apache-arrow';
import type { ColumnBatch } from '../file/record-sink.ts';
import { RecordsError } from '../records-error.ts';
import { typeName, type ColumnLayout } from './column-layout.ts';
import { decodeBigInts, decodeNulls, decodeNumbers, decodeStrings, type BufferBytes } from './column-values.ts';
import type { BatchBlock } from '../file/ipc-format.ts';

/** Fills `target` from `positionBytes` on, or throws. */
export type ReadAt = (target: Uint8Array, positionBytes: number) => Promise<void>;

/** Column views with what exact output needs besides doubles. */
export interface ArrowColumnBatch extends ColumnBatch {
  /** 64-bit integers and timestamps (raw value since the epoch, in the column's unit) without rounding. */
  bigints(name: string): BigInt64Array;
  /** Text undecoded: row i's UTF-8 lies at `offsets[i]`..`offsets[i + 1]` of `bytes`. */
  utf8(name: string): { readonly offsets: Int32Array; readonly bytes: Uint8Array };
  /** One byte a row, 1 where the value is null; `undefined` when none is. */
  nulls(name: string): Uint8Array | undefined;
}

/** Ranges closer than this are read with one call. */
const MERGE_GAP_BYTES = 64 * 1024;

/** The buffers of one column, and of its items. */
export interface LoadedColumn {
  readonly field: Field;
  readonly nodes: readonly { readonly length: number; readonly nullCount: number }[];
  readonly buffers: readonly BufferBytes[];
}

/** Reads the buffers of the named columns of one batch, and nothing of the others. */
export async function readColumnBatch(
  readAt: ReadAt,
  block: BatchBlock,
  message: Message,
  columns: readonly ColumnLayout[],
): Promise<ArrowColumnBatch> {
  const header = (message as Message<MessageHeader.RecordBatch>).header();
  if (header.compression !== null) {
    throw new RecordsError(
      'AIPERF_RECORDS_UNSUPPORTED_TYPE',
      'the record batches are compressed; aiperf writes them plain',
    );
  }
  const bodyOffsetBytes = block.offsetBytes + block.metadataBytes;
  const ranges = columns.map(({ bufferIndex, bufferCount }) => {
    const regions = header.buffers.slice(bufferIndex, bufferIndex + bufferCount);
    const from = Math.min(block.bodyBytes, ...regions.map((region) => region.offset));
    const to = Math.max(from, ...regions.map((region) => region.offset + region.length));
    if (regions.length !== bufferCount || to > block.bodyBytes) {
      throw new RecordsError(
        'AIPERF_RECORDS_CORRUPT_FILE',
        `the record batch at byte ${block.offsetBytes} does not fit its schema`,
      );
    }
    return { from, to };
  });
  const chunks: { from: number; to: number; bytes: BufferBytes }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = chunks.at(-1);
    if (last !== undefined && from <= last.to + MERGE_GAP_BYTES) last.to = Math.max(last.to, to);
    else chunks.push({ from, to, bytes: new Uint8Array() });
  }
  for (const chunk of chunks) {
    chunk.bytes = new Uint8Array(chunk.to - chunk.from);
    if (chunk.bytes.byteLength > 0) await readAt(chunk.bytes, bodyOffsetBytes + chunk.from);
  }
  const bufferBytes = (offset: number, length: number): BufferBytes => {
    const chunk = length === 0 ? undefined : chunks.find(({ from, to }) => from <= offset && offset + length <= to);
    if (chunk === undefined) return new Uint8Array();
    const bytes = chunk.bytes.subarray(offset - chunk.from, offset - chunk.from + length);
    // The format aligns buffers to 8 bytes; a typed array over one that is not would throw.
    return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  };
  return new LoadedBatch(block.rowCount, loadColumns(message, columns, bufferBytes));
}

/** The buffers of the named columns of a record batch message, each as `bytesAt` gives it. */
export function loadColumns(
  message: Message,
  columns: readonly ColumnLayout[],
  bytesAt: (offsetBytes: number, lengthBytes: number) => BufferBytes,
): ReadonlyMap<string, LoadedColumn> {
  const header = (message as Message<MessageHeader.RecordBatch>).header();
  return new Map(
    columns.map(({ field, nodeIndex, bufferIndex, bufferCount }) => [
      field.name,
      {
        field,
        nodes: header.nodes.slice(nodeIndex, nodeIndex + 2),
        buffers: header.buffers.slice(bufferIndex, bufferIndex + bufferCount).map((r) => bytesAt(r.offset, r.length)),
      },
    ]),
  );
}

class LoadedBatch implements ArrowColumnBatch {
  readonly rowCount: number;
  readonly #columns: ReadonlyMap<string, LoadedColumn>;

  constructor(rowCount: number, columns: ReadonlyMap<string, LoadedColumn>) {
    this.rowCount = rowCount;
    this.#columns = columns;
  }

  numbers(name: string): Float64Array {
    const { field, buffers } = this.#column(name);
    const values = decodeNumbers(field.type, buffer(buffers, 1), this.rowCount, name);
    return withNaN(values, this.nulls(name));
  }

  bigints(name: string): BigInt64Array {
    const { field, buffers } = this.#column(name);
    return decodeBigInts(field.type, buffer(buffers, 1), this.rowCount, name);
  }

  list(name: string): { readonly offsets: Int32Array; readonly values: Float64Array } {
    const { field, nodes, buffers } = this.#column(name);
    const child = (field.type.children as readonly Field[] | null)?.[0];
    if (field.type.typeId !== Type.List || child === undefined) throw wrongType(name, field, 'a list');
    const count = nodes[1]?.length ?? 0;
    const values = decodeNumbers(child.type, buffer(buffers, 3), count, name);
    const nulls = decodeNulls(buffer(buffers, 2), nodes[1]?.nullCount ?? 0, count);
    return { offsets: this.#offsets(buffer(buffers, 1)), values: withNaN(values, nulls) };
  }

  strings(name: string): readonly (string | null)[] {
    const { offsets, bytes } = this.utf8(name);
    return decodeStrings(offsets, bytes, this.nulls(name));
  }

  utf8(name: string): { readonly offsets: Int32Array; readonly bytes: BufferBytes } {
    const { field, buffers } = this.#column(name);
    if (field.type.typeId !== Type.Utf8) throw wrongType(name, field, 'text');
    return { offsets: this.#offsets(buffer(buffers, 1)), bytes: buffer(buffers, 2) };
  }

  nulls(name: string): Uint8Array | undefined {
    const { nodes, buffers } = this.#column(name);
    return decodeNulls(buffer(buffers, 0), nodes[0]?.nullCount ?? 0, this.rowCount);
  }

  #column(name: string): LoadedColumn {
    const column = this.#columns.get(name);
    if (column === undefined) {
      throw new RecordsError('AIPERF_RECORDS_UNKNOWN_COLUMN', `column "${name}" was not asked for when the scan began`);
    }
    return column;
  }

  /** A batch without rows may leave the offsets out. */
  #offsets(bytes: BufferBytes): Int32Array {
    return bytes.byteLength === 0
      ? new Int32Array(this.rowCount + 1)
      : new Int32Array(bytes.buffer, bytes.byteOffset, this.rowCount + 1);
  }
}

function buffer(buffers: readonly BufferBytes[], index: number): BufferBytes {
  return buffers[index] ?? new Uint8Array();
}

function withNaN(values: Float64Array, nulls: Uint8Array | undefined): Float64Array {
  if (nulls !== undefined)
    for (let row = 0; row < nulls.length; row += 1) if (nulls[row] === 1) values[row] = Number.NaN;
  return values;
}

function wrongType(name: string, field: Field, wanted: string): RecordsError {
  return new RecordsError(
    'AIPERF_RECORDS_UNSUPPORTED_TYPE',
    `column "${name}" (${typeName(field.type)}) does not hold ${wanted}`,
  );
}
