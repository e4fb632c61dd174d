import {
  makeData,
  type Bool,
  type Data,
  type Float64,
  type Int32,
  type Int64,
  type List,
  type TimestampNanosecond,
  type Utf8,
} from 'apache-arrow';

const TWO_TO_32 = 2 ** 32;
const MAX_INT32 = 2 ** 31 - 1;

/** One column of a batch being filled. Rows are set in order, each at most once; a row that is not set is null. */
export interface ColumnWriter {
  /** Makes room for this many rows and keeps those already set. */
  reserve(rows: number): void;
  /** A view of the first `rows` rows; overwritten after {@link clear}. */
  toData(rows: number): Data;
  clear(): void;
}

/** Which rows are set, one bit each, least significant bit first. */
class Validity {
  bits: Uint8Array = new Uint8Array(0);
  validCount = 0;

  reserve(rows: number): void {
    const bits = new Uint8Array((rows + 7) >> 3);
    bits.set(this.bits.subarray(0, bits.length));
    this.bits = bits;
  }

  mark(row: number): void {
    const index = row >> 3;
    this.bits[index] = (this.bits[index] ?? 0) | (1 << (row & 7));
    this.validCount++;
  }

  clear(): void {
    this.bits.fill(0);
    this.validCount = 0;
  }
}

/** Doubles; NaN is null. */
export class Float64Writer implements ColumnWriter {
  readonly #type: Float64;
  readonly #validity = new Validity();
  #values = new Float64Array(0);

  constructor(type: Float64) {
    this.#type = type;
  }

  set(row: number, value: number): void {
    if (!Number.isFinite(value)) return;
    this.#values[row] = value;
    this.#validity.mark(row);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    const values = new Float64Array(rows);
    values.set(this.#values.subarray(0, rows));
    this.#values = values;
  }

  toData(rows: number): Data {
    const { bits, validCount } = this.#validity;
    return makeData({
      type: this.#type,
      length: rows,
      nullCount: rows - validCount,
      nullBitmap: bits,
      data: this.#values.subarray(0, rows),
    });
  }

  clear(): void {
    this.#validity.clear();
    this.#values.fill(0);
  }
}

/** 32-bit integers; NaN, and what 32 bits cannot hold, is null. */
export class Int32Writer implements ColumnWriter {
  readonly #type: Int32;
  readonly #validity = new Validity();
  #values = new Int32Array(0);

  constructor(type: Int32) {
    this.#type = type;
  }

  set(row: number, value: number): void {
    // Written so that NaN is refused as well.
    if (!(Math.abs(value) <= MAX_INT32)) return;
    this.#values[row] = value;
    this.#validity.mark(row);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    const values = new Int32Array(rows);
    values.set(this.#values.subarray(0, rows));
    this.#values = values;
  }

  toData(rows: number): Data {
    const { bits, validCount } = this.#validity;
    return makeData({
      type: this.#type,
      length: rows,
      nullCount: rows - validCount,
      nullBitmap: bits,
      data: this.#values.subarray(0, rows),
    });
  }

  clear(): void {
    this.#validity.clear();
    this.#values.fill(0);
  }
}

/** 64-bit words written as two halves, because a BigInt a value would cost more than the rest of the row. */
class Words {
  words: Uint32Array = new Uint32Array(0);

  reserve(count: number): void {
    const words = new Uint32Array(count * 2);
    words.set(this.words.subarray(0, words.length));
    this.words = words;
  }

  /** `high * 2^32 + low`; `low` may exceed 32 bits. */
  set(index: number, high: number, low: number): void {
    const carry = Math.floor(low / TWO_TO_32);
    this.words[index * 2] = low - carry * TWO_TO_32;
    this.words[index * 2 + 1] = high + carry;
  }

  view(count: number): BigInt64Array {
    return new BigInt64Array(this.words.buffer, 0, count);
  }
}

/**
 * 64-bit integers from doubles; NaN is null. An offset, such as the epoch of the run's origin, is added in 64 bits, as a double would lose
 * 256 ns steps of wall time.
 */
export class Int64Writer implements ColumnWriter {
  readonly #type: Int64 | TimestampNanosecond;
  readonly #validity = new Validity();
  readonly #words = new Words();
  readonly #offsetHigh: number;
  readonly #offsetLow: number;

  constructor(type: Int64 | TimestampNanosecond, offset = 0n) {
    this.#type = type;
    this.#offsetHigh = Number(offset >> 32n);
    this.#offsetLow = Number(offset & 0xffff_ffffn);
  }

  set(row: number, value: number): void {
    if (!Number.isFinite(value)) return;
    this.#words.set(row, this.#offsetHigh, this.#offsetLow + value);
    this.#validity.mark(row);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    this.#words.reserve(rows);
  }

  toData(rows: number): Data {
    const { bits, validCount } = this.#validity;
    return makeData({
      // Both types are laid out alike; the library's types know one at a time.
      type: this.#type as Int64,
      length: rows,
      nullCount: rows - validCount,
      nullBitmap: bits,
      data: this.#words.view(rows),
    });
  }

  clear(): void {
    this.#validity.clear();
    this.#words.words.fill(0);
  }
}

/** Flags, one bit a row; never null. */
export class BoolWriter implements ColumnWriter {
  readonly #type: Bool;
  readonly #set = new Validity();

  constructor(type: Bool) {
    this.#type = type;
  }

  set(row: number, value: boolean): void {
    if (value) this.#set.mark(row);
  }

  reserve(rows: number): void {
    this.#set.reserve(rows);
  }

  toData(rows: number): Data {
    return makeData({ type: this.#type, length: rows, nullCount: 0, data: this.#set.bits });
  }

  clear(): void {
    this.#set.clear();
  }
}

/** Strings as one run of UTF-8. A string equal to the row before it is copied as bytes, since ids of processes repeat. */
export class Utf8Writer implements ColumnWriter {
  readonly #type: Utf8;
  readonly #validity = new Validity();
  #bytes = Buffer.alloc(1024);
  #byteCount = 0;
  #offsets = new Int32Array(1);
  #rowCount = 0;
  #previous: string | undefined;
  #previousStart = 0;
  #previousEnd = 0;

  constructor(type: Utf8) {
    this.#type = type;
  }

  set(row: number, value: string | undefined): void {
    if (value === undefined) return;
    this.#skipTo(row);
    const start = this.#byteCount;
    if (value === this.#previous) {
      this.#makeRoom(this.#previousEnd - this.#previousStart);
      this.#bytes.copyWithin(start, this.#previousStart, this.#previousEnd);
      this.#byteCount += this.#previousEnd - this.#previousStart;
    } else {
      this.#makeRoom(value.length * 3);
      this.#byteCount += this.#bytes.write(value, start);
      this.#previous = value;
      this.#previousStart = start;
      this.#previousEnd = this.#byteCount;
    }
    this.#rowCount = row + 1;
    this.#offsets[row + 1] = this.#byteCount;
    this.#validity.mark(row);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    const offsets = new Int32Array(rows + 1);
    offsets.set(this.#offsets.subarray(0, rows + 1));
    this.#offsets = offsets;
  }

  toData(rows: number): Data {
    this.#skipTo(rows);
    const { bits, validCount } = this.#validity;
    return makeData({
      type: this.#type,
      length: rows,
      nullCount: rows - validCount,
      nullBitmap: bits,
      valueOffsets: this.#offsets.subarray(0, rows + 1),
      data: this.#bytes.subarray(0, this.#byteCount),
    });
  }

  clear(): void {
    this.#validity.clear();
    this.#byteCount = 0;
    this.#rowCount = 0;
    this.#previous = undefined;
  }

  /** Null rows repeat the offset before them. */
  #skipTo(row: number): void {
    this.#offsets.fill(this.#byteCount, this.#rowCount + 1, row + 1);
    this.#rowCount = Math.max(this.#rowCount, row);
  }

  #makeRoom(byteCount: number): void {
    const needed = this.#byteCount + byteCount;
    if (needed <= this.#bytes.length) return;
    const bytes = Buffer.alloc(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(bytes, 0, 0, this.#byteCount);
    this.#bytes = bytes;
  }
}

/** Lists of 64-bit integers or doubles; an empty list is null. Values are appended to the row being written. */
export class ListWriter implements ColumnWriter {
  readonly #type: List;
  readonly #isInteger: boolean;
  readonly #validity = new Validity();
  readonly #words = new Words();
  #floats = new Float64Array(0);
  #capacity = 0;
  #valueCount = 0;
  #offsets = new Int32Array(1);
  #rowCount = 0;

  constructor(type: List, isInteger: boolean) {
    this.#type = type;
    this.#isInteger = isInteger;
  }

  append(value: number): void {
    if (!Number.isFinite(value)) return;
    if (this.#valueCount === this.#capacity) this.#growValues();
    if (this.#isInteger) this.#words.set(this.#valueCount, 0, value);
    else this.#floats[this.#valueCount] = value;
    this.#valueCount++;
  }

  /** Closes the list of this row. */
  endRow(row: number): void {
    const start = this.#offsets[this.#rowCount] ?? 0;
    this.#offsets.fill(start, this.#rowCount + 1, row + 1);
    this.#offsets[row + 1] = this.#valueCount;
    this.#rowCount = row + 1;
    if (this.#valueCount > start) this.#validity.mark(row);
  }

  reserve(rows: number): void {
    this.#validity.reserve(rows);
    const offsets = new Int32Array(rows + 1);
    offsets.set(this.#offsets.subarray(0, rows + 1));
    this.#offsets = offsets;
  }

  toData(rows: number): Data {
    this.#offsets.fill(this.#valueCount, this.#rowCount + 1, rows + 1);
    const { bits, validCount } = this.#validity;
    const values = this.#isInteger ? this.#words.view(this.#valueCount) : this.#floats.subarray(0, this.#valueCount);
    return makeData({
      type: this.#type,
      length: rows,
      nullCount: rows - validCount,
      nullBitmap: bits,
      valueOffsets: this.#offsets.subarray(0, rows + 1),
      child: makeData({ type: this.#type.valueType, length: this.#valueCount, nullCount: 0, data: values }),
    });
  }

  clear(): void {
    this.#validity.clear();
    this.#valueCount = 0;
    this.#rowCount = 0;
  }

  #growValues(): void {
    this.#capacity = Math.max(1024, this.#capacity * 2);
    if (this.#isInteger) {
      this.#words.reserve(this.#capacity);
      return;
    }
    const floats = new Float64Array(this.#capacity);
    floats.set(this.#floats);
    this.#floats = floats;
  }
}
