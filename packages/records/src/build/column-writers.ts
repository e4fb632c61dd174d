import type { BatchParts } from '../encode/message.ts';
import { grown } from './grown.ts';

const TWO_TO_32 = 2 ** 32;
const MAX_INT32 = 2 ** 31 - 1;
const INITIAL_ITEMS = 1024;

/** One column of a batch being filled. Rows are set in order, each at most once; a row that is not set is null. */
export interface ColumnWriter {
  /** Sets a row from a value of any origin; null leaves it out. For few rows: columns that are filled often have a `set` of their own. */
  setValue(row: number, value: unknown): void;
  /** Makes room for this many rows and keeps those already set. */
  reserve(rows: number): void;
  /** Adds the nodes and buffers of the first `rows` rows, as views that {@link clear} ends. */
  addTo(parts: BatchParts, rows: number): void;
  clear(): void;
}

/** Which rows are set, one bit each, least significant bit first. */
class Bits {
  #bits: Uint8Array = new Uint8Array(0);
  #count = 0;
  /** All rows before this one are set; their bits are written when they are asked for, since most columns have no gap. */
  #gap = 0;

  reserve(rows: number): void {
    this.#bits = grown(this.#bits, (rows + 7) >> 3);
  }

  mark(row: number): void {
    this.#count++;
    if (row === this.#gap) this.#gap++;
    else this.#set(row);
  }

  view(rows: number): Uint8Array {
    this.#bits.fill(0xff, 0, this.#gap >> 3);
    for (let row = this.#gap & ~7; row < this.#gap; row++) this.#set(row);
    return this.#bits.subarray(0, (rows + 7) >> 3);
  }

  /** Node and bitmap; the bitmap is left out when no row is null. */
  addTo({ nodes, buffers }: BatchParts, rows: number): void {
    nodes.push(rows, rows - this.#count);
    buffers.push(rows === this.#count ? undefined : this.view(rows));
  }

  clear(): void {
    this.#bits.fill(0);
    this.#count = 0;
    this.#gap = 0;
  }

  #set(row: number): void {
    const index = row >> 3;
    this.#bits[index] = (this.#bits[index] ?? 0) | (1 << (row & 7));
  }
}

/** Where the bytes or items of each row end. A row that is left out is empty. */
export class Offsets {
  #offsets = new Int32Array(1);
  #rowCount = 0;

  reserve(rows: number): void {
    this.#offsets = grown(this.#offsets, rows + 1);
  }

  /** Closes this row; those left out since the last one end where it began. */
  end(row: number, endOffset: number): void {
    if (row > this.#rowCount) this.#skipTo(row);
    this.#offsets[row + 1] = endOffset;
    this.#rowCount = row + 1;
  }

  /** Where the last row that was closed ends. */
  get last(): number {
    return this.#offsets[this.#rowCount] ?? 0;
  }

  view(rows: number): Int32Array {
    this.#skipTo(rows);
    return this.#offsets.subarray(0, rows + 1);
  }

  clear(): void {
    this.#rowCount = 0;
  }

  #skipTo(row: number): void {
    const { last } = this;
    while (this.#rowCount < row) this.#offsets[++this.#rowCount] = last;
  }
}

/** Numbers of one type without nulls. */
interface Values {
  reserve(count: number): void;
  /** False for a number that the type cannot hold. */
  put(index: number, value: number): boolean;
  putBigInt(index: number, value: bigint): void;
  view(count: number): ArrayBufferView;
  clear(): void;
}

class Float64Values implements Values {
  #values: Float64Array = new Float64Array(0);

  reserve(count: number): void {
    this.#values = grown(this.#values, count);
  }

  put(index: number, value: number): boolean {
    if (!Number.isFinite(value)) return false;
    this.#values[index] = value;
    return true;
  }

  putBigInt(index: number, value: bigint): void {
    this.#values[index] = Number(value);
  }

  view(count: number): Float64Array {
    return this.#values.subarray(0, count);
  }

  clear(): void {
    this.#values.fill(0);
  }
}

class Int32Values implements Values {
  #values: Int32Array = new Int32Array(0);

  reserve(count: number): void {
    this.#values = grown(this.#values, count);
  }

  put(index: number, value: number): boolean {
    // Written so that NaN is refused as well.
    if (!(Math.abs(value) <= MAX_INT32)) return false;
    this.#values[index] = value;
    return true;
  }

  putBigInt(index: number, value: bigint): void {
    this.#values[index] = Number(value);
  }

  view(count: number): Int32Array {
    return this.#values.subarray(0, count);
  }

  clear(): void {
    this.#values.fill(0);
  }
}

/**
 * 64-bit integers from doubles, written as two halves, because a BigInt a value would cost more than the rest of the row. An offset, such as
 * the epoch of the run's origin, is added in 64 bits, as a double would lose 256 ns steps of wall time.
 */
class Int64Values implements Values {
  #words: Uint32Array = new Uint32Array(0);
  readonly #offsetHigh: number;
  readonly #offsetLow: number;

  constructor(offset = 0n) {
    this.#offsetHigh = Number(offset >> 32n);
    this.#offsetLow = Number(offset & 0xffff_ffffn);
  }

  reserve(count: number): void {
    this.#words = grown(this.#words, count * 2);
  }

  put(index: number, value: number): boolean {
    if (!Number.isFinite(value)) return false;
    const low = this.#offsetLow + value;
    const carry = Math.floor(low / TWO_TO_32);
    this.#words[index * 2] = low - carry * TWO_TO_32;
    this.#words[index * 2 + 1] = this.#offsetHigh + carry;
    return true;
  }

  /** No offset is added. */
  putBigInt(index: number, value: bigint): void {
    this.#words[index * 2] = Number(value & 0xffff_ffffn);
    this.#words[index * 2 + 1] = Number(BigInt.asUintN(32, value >> 32n));
  }

  view(count: number): Uint32Array {
    return this.#words.subarray(0, count * 2);
  }

  clear(): void {
    this.#words.fill(0);
  }
}

/** Numbers that a column or the items of a list are stored as; `offset` is for 64-bit integers. */
export type NumberType = 'float64' | 'int32' | 'int64';

function createValues(type: NumberType, offset?: bigint): Values {
  if (type === 'float64') return new Float64Values();
  return type === 'int32' ? new Int32Values() : new Int64Values(offset);
}

/** Doubles or integers; NaN, and what the type cannot hold, is null. */
export class NumberWriter implements ColumnWriter {
  readonly #validity = new Bits();
  readonly #values: Values;

  constructor(type: NumberType, offset?: bigint) {
    this.#values = createValues(type, offset);
  }

  set(row: number, value: number): void {
    if (this.#values.put(row, value)) this.#validity.mark(row);
  }

  setValue(row: number, value: unknown): void {
    if (typeof value !== 'bigint') {
      if (typeof value === 'number') this.set(row, value);
      return;
    }
    this.#values.putBigInt(row, value);
    this.#validity.mark(row);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    this.#values.reserve(rows);
  }

  addTo(parts: BatchParts, rows: number): void {
    this.#validity.addTo(parts, rows);
    parts.buffers.push(this.#values.view(rows));
  }

  clear(): void {
    this.#validity.clear();
    this.#values.clear();
  }
}

/** Flags, one bit a row. */
export class BoolWriter implements ColumnWriter {
  readonly #validity = new Bits();
  readonly #values = new Bits();

  set(row: number, value: boolean): void {
    if (value) this.#values.mark(row);
    this.#validity.mark(row);
  }

  setValue(row: number, value: unknown): void {
    if (typeof value === 'boolean') this.set(row, value);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    this.#values.reserve(rows);
  }

  addTo(parts: BatchParts, rows: number): void {
    this.#validity.addTo(parts, rows);
    parts.buffers.push(this.#values.view(rows));
  }

  clear(): void {
    this.#validity.clear();
    this.#values.clear();
  }
}

/** Byte strings, one after the other. */
abstract class RunWriter implements ColumnWriter {
  readonly #validity = new Bits();
  readonly #offsets = new Offsets();
  readonly #initialBytes: number;
  protected bytes: Buffer;
  #byteCount = 0;

  constructor(initialBytes = 1024) {
    this.#initialBytes = initialBytes;
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  abstract setValue(row: number, value: unknown): void;

  get byteCount(): number {
    return this.#byteCount;
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    this.#offsets.reserve(rows);
  }

  addTo(parts: BatchParts, rows: number): void {
    this.#validity.addTo(parts, rows);
    parts.buffers.push(this.#offsets.view(rows), this.bytes.subarray(0, this.#byteCount));
  }

  clear(): void {
    this.#validity.clear();
    this.#offsets.clear();
    this.#byteCount = 0;
  }

  /** Gives memory back that one huge value took. */
  shrink(maxBytes: number): void {
    if (this.bytes.length > maxBytes) this.bytes = Buffer.allocUnsafeSlow(this.#initialBytes);
  }

  /** Makes room for the bytes of a row and returns where they begin. */
  protected begin(maxBytes: number): number {
    const needed = this.#byteCount + maxBytes;
    if (needed > this.bytes.length) this.bytes = grown(this.bytes, needed);
    return this.#byteCount;
  }

  protected end(row: number, endOffset: number): void {
    this.#byteCount = endOffset;
    this.#offsets.end(row, endOffset);
    this.#validity.mark(row);
  }
}

export class BinaryWriter extends RunWriter {
  /** The first `length` bytes of `value`. */
  set(row: number, value: Uint8Array, length: number = value.length): void {
    const start = this.begin(length);
    if (length > 0) this.bytes.set(value.length === length ? value : value.subarray(0, length), start);
    this.end(row, start + length);
  }

  override setValue(row: number, value: unknown): void {
    if (value instanceof Uint8Array) this.set(row, value);
  }
}

/** Strings as UTF-8. A string equal to the one before it is copied as bytes, since ids of processes repeat. */
export class Utf8Writer extends RunWriter {
  #previous: string | undefined;
  #previousStart = 0;
  #previousEnd = 0;

  set(row: number, value: string | undefined): void {
    if (value === undefined) return;
    if (value === this.#previous) {
      const length = this.#previousEnd - this.#previousStart;
      const start = this.begin(length);
      if (length > 0) this.bytes.copyWithin(start, this.#previousStart, this.#previousEnd);
      this.end(row, start + length);
      return;
    }
    const start = this.begin(value.length * 3);
    const end = start + this.bytes.write(value, start);
    this.#previous = value;
    this.#previousStart = start;
    this.#previousEnd = end;
    this.end(row, end);
  }

  override setValue(row: number, value: unknown): void {
    if (typeof value === 'string') this.set(row, value);
  }

  override clear(): void {
    super.clear();
    this.#previous = undefined;
  }
}

/** Lists of numbers; a row whose list is empty is null. Items are appended to the row being written. */
export class ListWriter implements ColumnWriter {
  readonly #validity = new Bits();
  readonly #offsets = new Offsets();
  readonly #items: Values;
  #itemCount = 0;
  #capacity = 0;

  constructor(type: NumberType) {
    this.#items = createValues(type);
  }

  append(value: number): void {
    if (this.#itemCount === this.#capacity) {
      this.#capacity = Math.max(INITIAL_ITEMS, this.#capacity * 2);
      this.#items.reserve(this.#capacity);
    }
    if (this.#items.put(this.#itemCount, value)) this.#itemCount++;
  }

  /** Closes the list of this row. */
  endRow(row: number): void {
    if (this.#itemCount > this.#offsets.last) this.#validity.mark(row);
    this.#offsets.end(row, this.#itemCount);
  }

  /** An empty list is no null here. */
  setValue(row: number, value: unknown): void {
    if (value === null || value === undefined) return;
    for (const item of value as Iterable<unknown>) this.append(Number(item));
    this.#offsets.end(row, this.#itemCount);
    this.#validity.mark(row);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    this.#offsets.reserve(rows);
  }

  addTo(parts: BatchParts, rows: number): void {
    this.#validity.addTo(parts, rows);
    parts.buffers.push(this.#offsets.view(rows), undefined, this.#items.view(this.#itemCount));
    parts.nodes.push(this.#itemCount, 0);
  }

  clear(): void {
    this.#validity.clear();
    this.#offsets.clear();
    this.#itemCount = 0;
  }
}
