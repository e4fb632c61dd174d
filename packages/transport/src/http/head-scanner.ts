import { grown } from '@aiperf/records';

/** Status line and headers, or trailers, longer than this are refused. */
const MAX_HEAD_BYTES = 64 * 1024;
const INITIAL_BYTES = 1024;
/** Of every status line that can be spoken. */
const BEGINNING = 'HTTP/1.';

const EMPTY = Buffer.alloc(0);

const CR = 0x0d;
const LF = 0x0a;

/**
 * Finds the empty line that ends a head. A head that came in one piece is left where it is in the read buffer; only one that is split
 * over reads is copied together.
 */
export class HeadScanner {
  /** Where the found head lies: in the slice that was scanned, or in the scanner's own buffer. */
  bytes: Buffer = EMPTY;
  start = 0;
  /** Just after the empty line. */
  end = 0;
  tooLong = false;
  /** What came is not the beginning of a status line: its end need not be awaited. */
  isForeign = false;
  #collected = EMPTY;
  #collectedBytes = 0;
  /** Bytes of the current line, carriage returns not counted. */
  #lineBytes = 0;
  #beforeFirstLine = true;

  /** `mayBeEmpty`: an empty line at the very beginning ends it, as with trailers. */
  reset(mayBeEmpty: boolean): void {
    this.tooLong = false;
    this.isForeign = false;
    this.#collectedBytes = 0;
    this.#lineBytes = 0;
    this.#beforeFirstLine = !mayBeEmpty;
  }

  /** Position just after the head, or -1 when it goes on beyond `to` or is too long. */
  scan(buffer: Buffer, from: number, to: number): number {
    if (this.#beforeFirstLine && this.#collectedBytes < BEGINNING.length && !this.#beginsWell(buffer, from, to)) {
      this.isForeign = true;
      return -1;
    }
    let lineBytes = this.#lineBytes;
    const limit = Math.min(to, from + MAX_HEAD_BYTES - this.#collectedBytes);
    for (let position = from; position < limit; position++) {
      const byte = buffer[position];
      if (byte === LF) {
        if (lineBytes === 0 && !this.#beforeFirstLine) {
          this.#found(buffer, from, position + 1);
          return position + 1;
        }
        this.#beforeFirstLine = false;
        lineBytes = 0;
      } else if (byte !== CR) {
        lineBytes++;
      }
    }
    this.#lineBytes = lineBytes;
    if (limit < to || this.#collectedBytes + limit - from >= MAX_HEAD_BYTES) this.tooLong = true;
    else this.#collect(buffer, from, to);
    return -1;
  }

  #beginsWell(buffer: Buffer, from: number, to: number): boolean {
    const offset = this.#collectedBytes;
    const length = Math.min(BEGINNING.length - offset, to - from);
    for (let index = 0; index < length; index++) {
      if (buffer[from + index] !== BEGINNING.charCodeAt(offset + index)) return false;
    }
    return true;
  }

  #found(buffer: Buffer, from: number, to: number): void {
    if (this.#collectedBytes === 0) {
      this.bytes = buffer;
      this.start = from;
      this.end = to;
      return;
    }
    this.#collect(buffer, from, to);
    this.bytes = this.#collected;
    this.start = 0;
    this.end = this.#collectedBytes;
  }

  #collect(buffer: Buffer, from: number, to: number): void {
    const length = this.#collectedBytes + to - from;
    if (length > this.#collected.length) this.#collected = grown(this.#collected, Math.max(length, INITIAL_BYTES));
    buffer.copy(this.#collected, this.#collectedBytes, from, to);
    this.#collectedBytes = length;
  }
}
