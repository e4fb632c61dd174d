import { appendBody } from '@aiperf/records';
import type { Timeline } from '@aiperf/records';

import { HeadScanner } from './head-scanner.ts';
import { createResponseHead, parseFields, parseHead } from './response-head.ts';

/** Where a response stands after bytes were fed. */
export type ParseResult = 'more' | 'complete' | 'invalid' | 'too_large';

/** A chunk-size line longer than this (extensions included) is refused. */
const MAX_CHUNK_LINE_BYTES = 4096;
/** 2^52 - 1 in hexadecimal: every chunk size stays an exact number. */
const MAX_CHUNK_SIZE_DIGITS = 13;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;

const HEAD = 0;
const BODY_SIZED = 1;
const BODY_UNTIL_CLOSE = 2;
const CHUNK_SIZE = 3;
const CHUNK_EXTENSION = 4;
const CHUNK_SIZE_LF = 5;
const CHUNK_DATA = 6;
const CHUNK_DATA_CR = 7;
const CHUNK_DATA_LF = 8;
const TRAILERS = 9;
const ENDED = 10;

/**
 * Incremental HTTP/1.1 response parser (RFC 9112). It is fed slices of a reused read buffer, in any split, and appends the body without
 * framing to a timeline. Malformed input is a result, never an exception. One parser serves one connection, response after response.
 */
export class ResponseParser {
  /** Bytes of the last fed slice that belong to the response; fewer than were fed when something follows its end. */
  consumed = 0;
  /** Why the response is invalid or too large. */
  problem = '';
  /** The connection may carry another request after this response. Valid once the response is complete. */
  keepAlive = false;
  /** Name of a coding that the body was sent in although none was asked for. */
  contentEncoding = '';
  readonly #maxBodyBytes: number;
  readonly #head = createResponseHead();
  readonly #scanner = new HeadScanner();
  #state = HEAD;
  /** Bytes still to come of a sized body or of the current chunk. */
  #remainingBytes = 0;
  #sizeDigits = 0;
  #lineBytes = 0;

  constructor(maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Makes the parser ready for the next response. */
  reset(): void {
    this.#state = HEAD;
    this.#scanner.reset(false);
    this.consumed = 0;
    this.problem = '';
    this.keepAlive = false;
    this.contentEncoding = '';
  }

  /** Status line and headers of the final response have been read. */
  get hasHead(): boolean {
    return this.#state !== HEAD;
  }

  feed(buffer: Buffer, start: number, end: number, timeline: Timeline): ParseResult {
    let position = start;
    while (this.#state === HEAD) {
      const headEnd = this.#scanner.scan(buffer, position, end);
      if (headEnd === -1) {
        if (this.#scanner.isForeign) return this.#stop('invalid', end - start, 'the answer is not HTTP/1.1');
        return this.#stop(this.#scanner.tooLong ? 'invalid' : 'more', end - start, 'headers too long');
      }
      position = headEnd;
      if (!parseHead(this.#scanner.bytes, this.#scanner.start, this.#scanner.end, this.#head)) {
        return this.#stop('invalid', position - start, this.#head.problem);
      }
      this.#scanner.reset(false);
      // 1xx answers are informational; the final one follows.
      if (this.#head.status >= 200) {
        const result = this.#beginBody(timeline);
        if (result !== 'more') return this.#stop(result, position - start, this.problem);
      }
    }
    while (position < end) {
      switch (this.#state) {
        case BODY_SIZED:
        case CHUNK_DATA: {
          const length = Math.min(this.#remainingBytes, end - position);
          if (timeline.bodyLength + length > this.#maxBodyBytes) return this.#tooLarge(position - start);
          appendBody(timeline, buffer, position, position + length);
          position += length;
          this.#remainingBytes -= length;
          if (this.#remainingBytes > 0) break;
          if (this.#state === BODY_SIZED) return this.#complete(position - start);
          this.#state = CHUNK_DATA_CR;
          break;
        }
        case BODY_UNTIL_CLOSE:
          if (timeline.bodyLength + end - position > this.#maxBodyBytes) return this.#tooLarge(position - start);
          appendBody(timeline, buffer, position, end);
          position = end;
          break;
        case TRAILERS: {
          const trailersEnd = this.#scanner.scan(buffer, position, end);
          if (trailersEnd !== -1) {
            // Trailers are checked and dropped: nothing in them may change what the headers said.
            const dropped = createResponseHead();
            return parseFields(this.#scanner.bytes, this.#scanner.start, this.#scanner.end, dropped)
              ? this.#complete(trailersEnd - start)
              : this.#stop('invalid', trailersEnd - start, dropped.problem);
          }
          if (this.#scanner.tooLong) return this.#stop('invalid', end - start, 'trailers too long');
          position = end;
          break;
        }
        default:
          if (!this.#chunkFraming(buffer[position] ?? 0)) return this.#stop('invalid', position - start, this.problem);
          position++;
      }
    }
    this.consumed = position - start;
    return 'more';
  }

  /** The server closed the connection: is the response complete by that? */
  finish(): boolean {
    if (this.#state !== BODY_UNTIL_CLOSE) return false;
    this.#state = ENDED;
    return true;
  }

  #beginBody(timeline: Timeline): ParseResult {
    const head = this.#head;
    timeline.status = head.status;
    timeline.statusText = head.statusText;
    timeline.contentType = head.contentType;
    this.keepAlive = head.keepAlive;
    this.contentEncoding = head.contentEncoding;
    if (head.status === 204 || head.status === 304) {
      this.#state = ENDED;
      return 'complete';
    }
    if (head.chunked) {
      this.#beginChunk();
      return 'more';
    }
    if (head.contentLength === -1) {
      this.keepAlive = false;
      this.#state = BODY_UNTIL_CLOSE;
      return 'more';
    }
    if (head.contentLength > this.#maxBodyBytes) {
      this.#state = ENDED;
      this.problem = `a body of ${head.contentLength} bytes is announced, ${this.#maxBodyBytes} are allowed`;
      return 'too_large';
    }
    this.#remainingBytes = head.contentLength;
    this.#state = head.contentLength === 0 ? ENDED : BODY_SIZED;
    return head.contentLength === 0 ? 'complete' : 'more';
  }

  #beginChunk(): void {
    this.#state = CHUNK_SIZE;
    this.#remainingBytes = 0;
    this.#sizeDigits = 0;
    this.#lineBytes = 0;
  }

  /** One byte of a chunk's framing. Bulk data never comes here. */
  #chunkFraming(byte: number): boolean {
    switch (this.#state) {
      case CHUNK_SIZE: {
        const digit = hexDigit(byte);
        if (digit !== -1) {
          this.#remainingBytes = this.#remainingBytes * 16 + digit;
          return ++this.#sizeDigits <= MAX_CHUNK_SIZE_DIGITS || this.#refuse('chunk size has too many digits');
        }
        if (this.#sizeDigits === 0) return this.#refuse('chunk size expected');
        if (byte === CR) this.#state = CHUNK_SIZE_LF;
        else if (byte === SEMICOLON) this.#state = CHUNK_EXTENSION;
        else return this.#refuse('chunk size is not hexadecimal');
        return true;
      }
      case CHUNK_EXTENSION:
        if (byte === CR) this.#state = CHUNK_SIZE_LF;
        else if (byte === LF || byte === 0) return this.#refuse('chunk extension holds a control character');
        return ++this.#lineBytes <= MAX_CHUNK_LINE_BYTES || this.#refuse('chunk extension too long');
      case CHUNK_SIZE_LF:
        if (byte !== LF) return this.#refuse('line feed expected after the chunk size');
        if (this.#remainingBytes > 0) {
          this.#state = CHUNK_DATA;
        } else {
          this.#state = TRAILERS;
          this.#scanner.reset(true);
        }
        return true;
      case CHUNK_DATA_CR:
        this.#state = CHUNK_DATA_LF;
        return byte === CR || this.#refuse('chunk is longer than its size');
      default:
        if (byte !== LF) return this.#refuse('chunk is longer than its size');
        this.#beginChunk();
        return true;
    }
  }

  #refuse(problem: string): false {
    this.problem = problem;
    return false;
  }

  #complete(consumedBytes: number): 'complete' {
    this.#state = ENDED;
    this.consumed = consumedBytes;
    return 'complete';
  }

  #tooLarge(consumedBytes: number): ParseResult {
    return this.#stop('too_large', consumedBytes, `the body is longer than ${this.#maxBodyBytes} bytes`);
  }

  #stop(result: ParseResult, consumedBytes: number, problem: string): ParseResult {
    this.consumed = consumedBytes;
    if (result !== 'more') this.problem = problem;
    return result;
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57;
  return -1;
}
