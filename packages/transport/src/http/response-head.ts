/** What a response's status line and headers say. One instance is filled again and again. */
export interface ResponseHead {
  status: number;
  statusText: string;
  contentType: string;
  contentEncoding: string;
  /** -1: none was given. */
  contentLength: number;
  chunked: boolean;
  keepAlive: boolean;
  /** Why the head is malformed. */
  problem: string;
}

/** A head with nothing in it yet. */
export function createResponseHead(): ResponseHead {
  return {
    status: 0,
    statusText: '',
    contentType: '',
    contentEncoding: '',
    contentLength: -1,
    chunked: false,
    keepAlive: false,
    problem: '',
  };
}

const CR = 0x0d;
const LF = 0x0a;
const HTAB = 0x09;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;

/** Fifteen digits are below 2^53. */
const MAX_LENGTH_DIGITS = 15;

/** 1 for a byte that may stand in a field name (RFC 9110 `tchar`). */
const IS_TOKEN = tokenTable();

/** Parses a complete head, the empty line at its end included. False when it is malformed; `head.problem` then says why. */
export function parseHead(bytes: Buffer, start: number, end: number, head: ResponseHead): boolean {
  head.contentLength = -1;
  head.chunked = false;
  head.contentEncoding = '';
  head.problem = '';
  const minorVersion = (bytes[start + 7] ?? 0) - ZERO;
  const status = threeDigits(bytes, start + 9);
  if (!matches(bytes, start, 'HTTP/1.') || minorVersion < 0 || minorVersion > 1 || bytes[start + 8] !== SPACE) {
    return refuse(head, 'status line of HTTP/1.1 expected');
  }
  if (status < 100) return refuse(head, 'status code of three digits expected');
  if (status === 101) return refuse(head, 'the server switches protocols, which nobody asked for');
  const lineEnd = endOfLine(bytes, start + 12, end);
  if (lineEnd === -1) return refuse(head, 'status line holds a control character');
  if (lineEnd > start + 12 && bytes[start + 12] !== SPACE) return refuse(head, 'space expected after the status code');
  head.status = status;
  head.statusText = text(bytes, Math.min(start + 13, lineEnd), lineEnd, head.statusText);
  head.keepAlive = minorVersion === 1;
  if (!parseFields(bytes, lineEnd + 2, end, head)) return false;
  if (head.chunked && head.contentLength !== -1) {
    return refuse(head, 'both a content length and a transfer coding are given');
  }
  if ((status === 204 || status === 304) && (head.chunked || head.contentLength > 0)) head.keepAlive = false;
  return true;
}

/** Parses header or trailer lines up to the empty line, which must be the last thing before `end`. */
export function parseFields(bytes: Buffer, start: number, end: number, head: ResponseHead): boolean {
  let hasContentType = false;
  let position = start;
  while (bytes[position] !== CR) {
    const nameStart = position;
    while (IS_TOKEN[bytes[position] ?? 0] === 1) position++;
    const nameLength = position - nameStart;
    if (nameLength === 0) return refuse(head, 'header name expected (folded headers are refused)');
    if (bytes[position] !== COLON) return refuse(head, 'header name holds a character that is not allowed');
    const fieldEnd = endOfLine(bytes, position + 1, end);
    if (fieldEnd === -1) return refuse(head, 'header value holds a control character');
    const valueStart = skipSpace(bytes, position + 1, fieldEnd);
    const valueEnd = trimSpace(bytes, valueStart, fieldEnd);
    switch (nameLength) {
      case 10:
        if (matchesName(bytes, nameStart, 'connection')) readConnection(bytes, valueStart, valueEnd, head);
        break;
      case 12:
        if (matchesName(bytes, nameStart, 'content-type')) {
          head.contentType = text(bytes, valueStart, valueEnd, head.contentType);
          hasContentType = true;
        }
        break;
      case 14:
        if (matchesName(bytes, nameStart, 'content-length') && !readLength(bytes, valueStart, valueEnd, head)) {
          return false;
        }
        break;
      case 16:
        if (matchesName(bytes, nameStart, 'content-encoding')) {
          head.contentEncoding = text(bytes, valueStart, valueEnd, head.contentEncoding);
        }
        break;
      case 17:
        if (matchesName(bytes, nameStart, 'transfer-encoding') && !readCoding(bytes, valueStart, valueEnd, head)) {
          return false;
        }
        break;
      default:
    }
    position = fieldEnd + 2;
  }
  // The empty line must be CR LF and nothing else, or the head did not end where the scanner thought.
  if (position + 2 !== end || bytes[position + 1] !== LF)
    return refuse(head, 'line feed expected after carriage return');
  if (!hasContentType) head.contentType = '';
  return true;
}

function readConnection(bytes: Buffer, start: number, end: number, head: ResponseHead): void {
  let position = start;
  while (position < end) {
    position = skipSpace(bytes, position, end);
    let tokenEnd = position;
    while (tokenEnd < end && bytes[tokenEnd] !== COMMA) tokenEnd++;
    const length = trimSpace(bytes, position, tokenEnd) - position;
    if (length === 5 && matchesName(bytes, position, 'close')) {
      head.keepAlive = false;
      return;
    }
    if (length === 10 && matchesName(bytes, position, 'keep-alive')) head.keepAlive = true;
    position = tokenEnd + 1;
  }
}

function readLength(bytes: Buffer, start: number, end: number, head: ResponseHead): boolean {
  if (head.contentLength !== -1) return refuse(head, 'the content length is given twice');
  if (end === start || end - start > MAX_LENGTH_DIGITS) return refuse(head, 'the content length is not a number');
  let length = 0;
  for (let position = start; position < end; position++) {
    const digit = (bytes[position] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return refuse(head, 'the content length is not a number');
    length = length * 10 + digit;
  }
  head.contentLength = length;
  return true;
}

function readCoding(bytes: Buffer, start: number, end: number, head: ResponseHead): boolean {
  if (head.chunked || end - start !== 7 || !matchesName(bytes, start, 'chunked')) {
    return refuse(head, 'transfer coding other than chunked');
  }
  head.chunked = true;
  return true;
}

/** Position of the line's carriage return, or -1 when the line holds another control character. */
function endOfLine(bytes: Buffer, start: number, end: number): number {
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0;
    if (byte >= SPACE ? byte !== 0x7f : byte === HTAB) continue;
    return byte === CR && bytes[position + 1] === LF ? position : -1;
  }
  return -1;
}

function skipSpace(bytes: Buffer, start: number, end: number): number {
  let position = start;
  while (position < end && (bytes[position] === SPACE || bytes[position] === HTAB)) position++;
  return position;
}

function trimSpace(bytes: Buffer, start: number, end: number): number {
  let position = end;
  while (position > start && (bytes[position - 1] === SPACE || bytes[position - 1] === HTAB)) position--;
  return position;
}

/** The text of some bytes; `previous` itself when it is the same, so that a server's usual values cost no string a response. */
function text(bytes: Buffer, start: number, end: number, previous: string): string {
  if (previous.length === end - start && matches(bytes, start, previous)) return previous;
  return bytes.toString('latin1', start, end);
}

function matches(bytes: Buffer, start: number, expected: string): boolean {
  for (let index = 0; index < expected.length; index++) {
    if (bytes[start + index] !== expected.charCodeAt(index)) return false;
  }
  return true;
}

/** Case-insensitive; `expected` is lower case and the bytes are known to be a token or are compared in full length. */
function matchesName(bytes: Buffer, start: number, expected: string): boolean {
  for (let index = 0; index < expected.length; index++) {
    const byte = bytes[start + index] ?? 0;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (lower !== expected.charCodeAt(index)) return false;
  }
  return true;
}

function threeDigits(bytes: Buffer, start: number): number {
  let value = 0;
  for (let index = 0; index < 3; index++) {
    const digit = (bytes[start + index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function tokenTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
    table[character.charCodeAt(0)] = 1;
  }
  return table;
}

function refuse(head: ResponseHead, problem: string): false {
  head.problem = problem;
  return false;
}
