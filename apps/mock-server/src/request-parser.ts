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
    const lines = bytes.toString('latin1', 0, headEnd).split('\r\n');
    const [method = '', path = '', version = ''] = (lines[0] ?? '').split(' ');
    if (!version.startsWith('HTTP/1.')) throw new BadRequestError('not an HTTP/1 request');
    let contentLength = 0;
    let requestId = '';
    let authorization = '';
    let connection = '';
    let isChunked = false;
    for (let i = 1; i < lines.length; i += 1) {
      const line = lines[i] ?? '';
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      if (name === 'content-length') contentLength = Number(line.slice(colon + 1));
      else if (name === 'x-request-id') requestId = line.slice(colon + 1).trim();
      else if (name === 'authorization') authorization = line.slice(colon + 1).trim();
      else if (name === 'connection')
        connection = line
          .slice(colon + 1)
          .trim()
          .toLowerCase();
      else if (name === 'transfer-encoding') isChunked = true;
    }
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
