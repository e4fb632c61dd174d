import { Precision, Type, type DataType, type Float, type Int } from 'apache-arrow';
import { RecordsError } from '../records-error.ts';
import { typeName } from './column-layout.ts';

/** One buffer of a record batch; its bytes begin 8-aligned in their ArrayBuffer. */
export type BufferBytes = Uint8Array<ArrayBuffer>;

/** Scalars as doubles. 64-bit integers are rounded to the nearest double, so they are exact up to 2^53; booleans are 0 or 1. */
export function decodeNumbers(type: DataType, data: BufferBytes, rowCount: number, name: string): Float64Array {
  switch (type.typeId) {
    case Type.Bool:
      return Float64Array.from({ length: rowCount }, (_, row) => bitAt(data, row));
    case Type.Float:
      return floats((type as Float).precision, data, rowCount, name);
    case Type.Int:
      return integers((type as Int).bitWidth, (type as Int).isSigned, data, rowCount);
    case Type.Timestamp:
    case Type.Duration:
      return integers(64, true, data, rowCount);
    default:
      throw new RecordsError(
        'AIPERF_RECORDS_UNSUPPORTED_TYPE',
        `column "${name}" (${typeName(type)}) does not hold numbers`,
      );
  }
}

/** 64-bit integers, timestamps and durations exactly; a null's value is undefined by the format. */
export function decodeBigInts(type: DataType, data: BufferBytes, rowCount: number, name: string): BigInt64Array {
  const is64Bit =
    type.typeId === Type.Timestamp ||
    type.typeId === Type.Duration ||
    (type.typeId === Type.Int && (type as Int).bitWidth === 64);
  if (!is64Bit) {
    throw new RecordsError(
      'AIPERF_RECORDS_UNSUPPORTED_TYPE',
      `column "${name}" (${typeName(type)}) does not hold 64-bit integers`,
    );
  }
  return new BigInt64Array(data.buffer, data.byteOffset, rowCount);
}

/** Text of every row. Pure ASCII, the usual case, is decoded in one go and cut. */
export function decodeStrings(
  offsets: Int32Array,
  data: BufferBytes,
  nulls: Uint8Array | undefined,
): (string | null)[] {
  const rowCount = Math.max(0, offsets.length - 1);
  const all = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const text = all.toString('utf8');
  const isAscii = text.length === data.byteLength;
  const rows = Array.from<string | null>({ length: rowCount });
  for (let row = 0; row < rowCount; row += 1) {
    const from = offsets[row] ?? 0;
    const to = offsets[row + 1] ?? 0;
    if (nulls?.[row] === 1) rows[row] = null;
    else rows[row] = isAscii ? text.slice(from, to) : all.toString('utf8', from, to);
  }
  return rows;
}

/** One byte a row, 1 where the value is null; `undefined` when no row is. An absent validity buffer means that nothing is null. */
export function decodeNulls(validity: BufferBytes, nullCount: number, rowCount: number): Uint8Array | undefined {
  if (nullCount === 0 || validity.byteLength === 0) return undefined;
  const nulls = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) nulls[row] = bitAt(validity, row) === 1 ? 0 : 1;
  return nulls;
}

function bitAt(bits: Uint8Array, index: number): 0 | 1 {
  return (((bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 1 ? 1 : 0;
}

function floats(precision: Precision, data: BufferBytes, rowCount: number, name: string): Float64Array {
  if (precision === Precision.DOUBLE)
    return new Float64Array(data.buffer.slice(data.byteOffset, data.byteOffset + rowCount * 8));
  if (precision === Precision.SINGLE)
    return Float64Array.from(new Float32Array(data.buffer, data.byteOffset, rowCount));
  throw new RecordsError(
    'AIPERF_RECORDS_UNSUPPORTED_TYPE',
    `column "${name}" holds half floats, which aiperf does not store`,
  );
}

function integers(bitWidth: number, isSigned: boolean, data: BufferBytes, rowCount: number): Float64Array {
  const { buffer, byteOffset } = data;
  if (bitWidth === 8)
    return Float64Array.from(
      isSigned ? new Int8Array(buffer, byteOffset, rowCount) : new Uint8Array(buffer, byteOffset, rowCount),
    );
  if (bitWidth === 16)
    return Float64Array.from(
      isSigned ? new Int16Array(buffer, byteOffset, rowCount) : new Uint16Array(buffer, byteOffset, rowCount),
    );
  if (bitWidth === 32)
    return Float64Array.from(
      isSigned ? new Int32Array(buffer, byteOffset, rowCount) : new Uint32Array(buffer, byteOffset, rowCount),
    );
  // Two halves instead of BigInt: the high half's product is exact and the sum rounds once, so the result is the nearest double.
  const low = new Uint32Array(buffer, byteOffset, rowCount * 2);
  const high = isSigned ? new Int32Array(buffer, byteOffset, rowCount * 2) : low;
  const values = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) {
    values[row] = (high[row * 2 + 1] ?? 0) * 4_294_967_296 + (low[row * 2] ?? 0);
  }
  return values;
}
