import { grown } from '@aiperf/records';
import { pythonFloat } from './number-format.ts';

const ZERO = 0x30;
const POINT = 0x2e;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/** Enough for any number. */
const NUMBER_BYTES = 32;
/** Largest integer that the digit loop takes; V8 keeps its divisions in 32 bits. */
const SMALL_LIMIT = 2 ** 31;
/** Up to here a quotient by a million has at most 15 significant digits, which every double gives back. */
const EXACT_LIMIT = 1e15;

/** Text that is written again and again, ready to be copied four bytes at a time. */
export class JsonPiece {
  readonly length: number;
  /** The bytes, and zeros up to a multiple of four. */
  readonly words: Int32Array;

  constructor(text: string) {
    const bytes = Buffer.from(text);
    this.length = bytes.length;
    this.words = new Int32Array(Math.ceil(bytes.length / 4));
    const view = new DataView(this.words.buffer);
    for (const [i, byte] of bytes.entries()) view.setUint8(i, byte);
    // As a number each word is what a little-endian write takes.
    for (let i = 0; i < this.words.length; i += 1) this.words[i] = view.getInt32(i * 4, true);
  }
}

/**
 * Growing buffer of JSON text. Numbers and text go in as bytes, with no JavaScript string in between: a record has dozens of them,
 * and joining and encoding their strings cost more than all the rest.
 */
export class JsonBytes {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 20);
  #view: DataView<ArrayBuffer> = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written; valid until the next write. */
  get view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Takes back what was written after `length`. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** Text as it is, such as a key or punctuation. */
  raw({ words, length }: JsonPiece): void {
    // The last word may reach beyond the piece; what comes next is written over it.
    this.#reserve(words.length * 4);
    const view = this.#view;
    let at = this.#length;
    // Keys are a dozen bytes: a loop is quicker than a call that copies memory.
    for (let i = 0; i < words.length; i += 1) {
      view.setInt32(at, words[i] ?? 0, true);
      at += 4;
    }
    this.#length += length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A string in quotes; `source` is UTF-8 and is copied, escaped where JSON demands it. */
  quoted(source: Uint8Array, from: number, to: number): void {
    this.#reserve(to - from + 2);
    const target = this.#bytes;
    const start = this.#length;
    let at = start;
    target[at++] = QUOTE;
    for (let i = from; i < to; i += 1) {
      const byte = source[i] ?? 0;
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) {
        this.#append(Buffer.from(JSON.stringify(Buffer.from(source.subarray(from, to)).toString('utf8'))));
        return;
      }
      target[at++] = byte;
    }
    target[at++] = QUOTE;
    this.#length = at;
  }

  /** A double as Python prints it. */
  float(value: number): void {
    // 0 and not -0, which has a sign.
    if (value < SMALL_LIMIT && (value > 0 || Object.is(value, 0)) && Number.isInteger(value)) {
      this.#small(value);
      this.#bytes[this.#length++] = POINT;
      this.#bytes[this.#length++] = ZERO;
      return;
    }
    this.#ascii(pythonFloat(value));
  }

  /** A whole number without a point. */
  integer(value: number): void {
    if (value >= 0 && value < SMALL_LIMIT) this.#small(value);
    else this.#ascii(String(value));
  }

  /** A whole number divided by a million, such as nanoseconds in milliseconds, as the nearest double would be printed. */
  millionths(value: number): void {
    // Below 100 the quotient has an exponent.
    if (!(value >= 100 && value < EXACT_LIMIT) && value !== 0) {
      this.float(value / 1e6);
      return;
    }
    const whole = Math.floor(value / 1e6);
    this.#small(whole);
    this.#reserve(7);
    this.#bytes[this.#length++] = POINT;
    const first = this.#length;
    this.#padded(value - whole * 1e6, 6);
    while (this.#length > first + 1 && this.#bytes[this.#length - 1] === ZERO) this.#length -= 1;
  }

  /** A 64-bit integer from its two halves, `high` unsigned, exactly and without a BigInt. */
  int64(low: number, high: number): void {
    if (high >= 0x8000_0000) {
      const magnitude = 0x1_0000_0000_0000_0000n - ((BigInt(high) << 32n) | BigInt(low));
      this.byte(MINUS);
      this.#ascii(String(magnitude));
      return;
    }
    // Long division by 10^9, 16 bits at a time: no intermediate exceeds 2^53.
    const topBillions = Math.floor(high / 1e9);
    const upper = (high - topBillions * 1e9) * 65_536 + (low >>> 16);
    const upperBillions = Math.floor(upper / 1e9);
    const lower = (upper - upperBillions * 1e9) * 65_536 + (low & 0xffff);
    const lowerBillions = Math.floor(lower / 1e9);
    const rest = lower - lowerBillions * 1e9;
    const billions = topBillions * 4_294_967_296 + upperBillions * 65_536 + lowerBillions;
    if (billions === 0) {
      this.#small(rest);
      return;
    }
    this.integer(billions);
    this.#reserve(9);
    this.#padded(rest, 9);
  }

  bigint(value: bigint): void {
    this.#ascii(String(value));
  }

  /** Bytes as they are. */
  copy(source: Uint8Array, from: number, to: number): void {
    this.#append(source.subarray(from, to));
  }

  /** Digits of an integer below 2^31. */
  #small(value: number): void {
    let digits = 1;
    for (let limit = 10; limit <= value; limit *= 10) digits += 1;
    this.#reserve(NUMBER_BYTES);
    this.#padded(value, digits);
  }

  #padded(value: number, digits: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = this.#length + digits - 1; at >= this.#length; at -= 1) {
      const quotient = (rest / 10) | 0;
      bytes[at] = ZERO + rest - quotient * 10;
      rest = quotient;
    }
    this.#length += digits;
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i += 1) this.#bytes[this.#length + i] = text.charCodeAt(i);
    this.#length += text.length;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    this.#bytes = grown(this.#bytes, this.#length + count);
    this.#view = new DataView(this.#bytes.buffer);
  }
}
