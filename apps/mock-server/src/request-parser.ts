/** One request as read from the socket. */
export interface IncomingRequest {
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly authorization: string;
  readonly keepAlive: boolean;
  /** Body bytes as Latin-1 text: a cheap exact key; decode with `Buffer.from(body, 'latin1').toString('utf8')`. */
  readonly body: string;
}

export class BadRequestError extends Error {}

const HEADER_END = Buffer.from('\r\n\r\n');
const MAX_HEADER_BYTES = 65_536;
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Incremental HTTP/1.1 request parser: feed bytes, take complete requests; pipelined requests come one after the other. */
export class RequestParser {
  #pending: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): void {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
  }

  /** The next complete request, or `undefined` while bytes are missing. Throws {@link BadRequestError}. */
  take(): IncomingRequest | undefined {
    const bytes = this.#pending;
    if (bytes.length === 0) return undefined;
    const headEnd = bytes.indexOf(HEADER_END);
    if (headEnd < 0) {
      // A client that speaks TLS to this port would wait for an answer to its handshake for ever.
      if (!isLetter(bytes[0] ?? 0)) throw new BadRequestError('not an HTTP request');
      if (bytes.length > MAX_HEADER_BYTES) throw new BadRequestError('header section too large');
      return undefined;
    }
    const head = bytes.toString('latin1', 0, headEnd);
    const requestLineEnd = lineEndFrom(head, 0);
    const [method = '', path = '', version = ''] = head.slice(0, requestLineEnd).split(' ');
    if (!version.startsWith('HTTP/1.')) throw new BadRequestError('not an HTTP/1 request');
    const { contentLength, requestId, authorization, connection, isChunked } = readFields(head, requestLineEnd + 2);
    if (!Number.isInteger(contentLength) || contentLength < 0) throw new BadRequestError('bad content-length');
    if (contentLength > MAX_BODY_BYTES) throw new BadRequestError('body too large');
    const bodyStart = headEnd + HEADER_END.length;
    const framed = isChunked ? readChunked(bytes, bodyStart) : readSized(bytes, bodyStart, contentLength);
    if (framed === undefined) return undefined;
    this.#pending = bytes.subarray(framed.end);
    const keepAlive = version === 'HTTP/1.0' ? connection === 'keep-alive' : connection !== 'close';
    return { method, path, requestId, authorization, keepAlive, body: framed.body };
  }
}

/** The header fields that the server looks at. */
interface HeadFields {
  readonly contentLength: number;
  readonly requestId: string;
  readonly authorization: string;
  readonly connection: string;
  readonly isChunked: boolean;
}

/** Looks only at fields whose name has the length of one that counts: clients send many others, and all load passes through here. */
function readFields(head: string, start: number): HeadFields {
  const fields = { contentLength: 0, requestId: '', authorization: '', connection: '', isChunked: false };
  for (let at = start; at < head.length;) {
    const end = lineEndFrom(head, at);
    const colon = head.indexOf(':', at);
    switch (colon - at) {
      case 'connection'.length:
        if (isNamed(head, at, 'connection'))
          fields.connection = head
            .slice(colon + 1, end)
            .trim()
            .toLowerCase();
        break;
      case 'x-request-id'.length:
        if (isNamed(head, at, 'x-request-id')) fields.requestId = head.slice(colon + 1, end).trim();
        break;
      case 'authorization'.length:
        if (isNamed(head, at, 'authorization')) fields.authorization = head.slice(colon + 1, end).trim();
        break;
      case 'content-length'.length:
        if (isNamed(head, at, 'content-length')) fields.contentLength = Number(head.slice(colon + 1, end));
        break;
      case 'transfer-encoding'.length:
        if (isNamed(head, at, 'transfer-encoding')) fields.isChunked = true;
        break;
    }
    at = end + 2;
  }
  return fields;
}

function lineEndFrom(head: string, at: number): number {
  const end = head.indexOf('\r\n', at);
  return end < 0 ? head.length : end;
}

function isNamed(head: string, at: number, lowerCaseName: string): boolean {
  return head.slice(at, at + lowerCaseName.length).toLowerCase() === lowerCaseName;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
}

interface FramedBody {
  readonly body: string;
  /** Offset of the first byte after the request. */
  readonly end: number;
}

function readSized(bytes: Buffer, start: number, length: number): FramedBody | undefined {
  const end = start + length;
  return bytes.length < end ? undefined : { body: bytes.toString('latin1', start, end), end };
}

function readChunked(bytes: Buffer, start: number): FramedBody | undefined {
  let at = start;
  let body = '';
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (!Number.isInteger(size) || size < 0 || body.length + size > MAX_BODY_BYTES) {
      throw new BadRequestError('bad chunk size');
    }
    const dataStart = lineEnd + 2;
    if (bytes.length < dataStart + size + 2) return undefined;
    if (size === 0) return { body, end: dataStart + 2 };
    body += bytes.toString('latin1', dataStart, dataStart + size);
    at = dataStart + size + 2;
  }
}
