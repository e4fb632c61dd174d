import { grown } from '@aiperf/records';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;

/** Bytes of a body with the reads that brought them; the part of a timeline that a scanner needs. */
export interface ScannedBody {
  readonly body: Uint8Array;
  /** Valid bytes of `body`. */
  readonly bodyLength: number;
  readonly readLengths: Uint32Array;
  readonly readCount: number;
}

/**
 * Walks the events of a complete `text/event-stream` body (WHATWG HTML, section 9.2.6). It works on bytes, so it does not matter where
 * reads cut the stream; line ends may be LF, CRLF, CR or mixed.
 *
 * {@link next} moves to the next event and fills the fields: nothing is allocated for an event whose data is one line. It goes further than
 * the specification in one point: a last event without its blank line counts, with {@link terminated} false.
 */
export class SseScanner {
  /** Holds the event's data; the body itself, or a buffer of its own when the data had several lines. */
  data: Buffer = Buffer.alloc(0);
  dataStart = 0;
  dataEnd = 0;
  /** Value of the last `event:` line; empty when there was none. */
  eventName = '';
  /** First byte of the event's first field line; comments before it are not part of the event. */
  eventStart = 0;
  /** Lines of the event, comments included, the blank line left out. */
  lineCount = 0;
  /** False for a last event that the stream's end cut off before its blank line. */
  terminated = false;
  /** Next byte to look at; the beginning of a line. After an event it may be moved forward to the beginning of another event. */
  position = 0;

  #body: Buffer = Buffer.alloc(0);
  #length = 0;
  #hasCarriageReturn = false;
  #readLengths: Uint32Array = new Uint32Array(0);
  #readCount = 0;
  #readIndex = 0;
  /** Body offset of the end of read `#readIndex`. */
  #readEnd = 0;
  #scratch: Buffer = Buffer.alloc(0);
  /** End of the line that `#nextLine` was called for, without its line end. */
  #lineEnd = 0;

  reset(source: ScannedBody): void {
    this.#body = Buffer.from(source.body.buffer, source.body.byteOffset, source.bodyLength);
    this.#length = source.bodyLength;
    this.#hasCarriageReturn = this.#body.includes(CR);
    this.#readLengths = source.readLengths;
    this.#readCount = source.readCount;
    this.#readIndex = 0;
    this.#readEnd = source.readCount > 0 ? (source.readLengths[0] ?? 0) : 0;
    const hasByteOrderMark = this.#body[0] === 0xef && this.#body[1] === 0xbb && this.#body[2] === 0xbf;
    this.position = hasByteOrderMark ? 3 : 0;
  }

  /** Moves to the next event with data; false at the end. */
  next(): boolean {
    const body = this.#body;
    let dataLineCount = 0;
    this.#beginEvent();
    while (this.position < this.#length) {
      const start = this.position;
      this.position = this.#nextLine(start);
      const end = this.#lineEnd;
      if (end === start) {
        if (dataLineCount > 0) {
          this.terminated = true;
          return true;
        }
        this.#beginEvent();
        continue;
      }
      this.lineCount++;
      if (body[start] === COLON) continue;
      if (this.eventStart < 0) this.eventStart = start;
      if (isField(body, start, end, DATA)) {
        this.#addDataLine(valueStart(body, start + 4, end), end, dataLineCount++);
      } else if (isField(body, start, end, EVENT)) {
        this.eventName = body.toString('utf8', valueStart(body, start + 5, end), end);
      }
    }
    return dataLineCount > 0;
  }

  /** Index of the read that brought the byte at `offset`. Offsets of successive calls must not go back. */
  readIndexAt(offset: number): number {
    while (offset >= this.#readEnd && this.#readIndex < this.#readCount - 1) {
      this.#readIndex++;
      this.#readEnd += this.#readLengths[this.#readIndex] ?? 0;
    }
    return this.#readIndex;
  }

  #beginEvent(): void {
    this.eventName = '';
    this.eventStart = -1;
    this.lineCount = 0;
    this.terminated = false;
  }

  /** Sets `#lineEnd` and returns where the line after it begins. */
  #nextLine(start: number): number {
    const body = this.#body;
    if (!this.#hasCarriageReturn) {
      const end = body.indexOf(LF, start);
      this.#lineEnd = end < 0 ? this.#length : end;
      return this.#lineEnd + 1;
    }
    let end = start;
    while (end < this.#length && body[end] !== LF && body[end] !== CR) end++;
    this.#lineEnd = end;
    return body[end] === CR && body[end + 1] === LF ? end + 2 : end + 1;
  }

  #addDataLine(start: number, end: number, dataLineCount: number): void {
    if (dataLineCount === 0) {
      this.data = this.#body;
      this.dataStart = start;
      this.dataEnd = end;
      return;
    }
    const heldLength = this.dataEnd - this.dataStart;
    const length = heldLength + 1 + end - start;
    if (this.#scratch.length < length) {
      const larger = grown(this.#scratch, length);
      // The held data may lie in the buffer that is replaced.
      if (this.data === this.#scratch) this.data = larger;
      this.#scratch = larger;
    }
    if (this.data !== this.#scratch) {
      this.#scratch.set(this.data.subarray(this.dataStart, this.dataEnd));
      this.data = this.#scratch;
      this.dataStart = 0;
    }
    this.#scratch[heldLength] = LF;
    this.#scratch.set(this.#body.subarray(start, end), heldLength + 1);
    this.dataEnd = length;
  }
}

const DATA: Uint8Array = Buffer.from('data');
const EVENT: Uint8Array = Buffer.from('event');

/** Whether the line is a field of this name: the name alone, or the name and a colon. */
function isField(body: Uint8Array, start: number, end: number, name: Uint8Array): boolean {
  const nameEnd = start + name.length;
  if (nameEnd > end || (nameEnd < end && body[nameEnd] !== COLON)) return false;
  for (let i = 0; i < name.length; i++) if (body[start + i] !== name[i]) return false;
  return true;
}

/** Skips the colon and one space. */
function valueStart(body: Uint8Array, nameEnd: number, end: number): number {
  if (nameEnd >= end) return end;
  return body[nameEnd + 1] === SPACE && nameEnd + 1 < end ? nameEnd + 2 : nameEnd + 1;
}
