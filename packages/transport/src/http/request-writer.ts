import { grown } from '@aiperf/records';
import type { OutgoingRequest } from '../transport.ts';

import { HttpTransportError } from './http-transport-error.ts';
import { assertHeaderValue } from './target.ts';
import type { Target } from './target.ts';

const INITIAL_SCRATCH_BYTES = 16 * 1024;
/** Room for the digits of a content length and the line ends around them. */
const CONTENT_LENGTH_BYTES = 24;
const END_OF_HEAD = Buffer.from('\r\n\r\n', 'latin1');

/**
 * Lays a request out as one buffer: prepared head pieces of its URL, the variable header values between them, content length and body.
 * The buffer is reused, so a request costs a few copies and no allocation but its view. Copying some kilobytes of body takes less than
 * finding a cached copy of it would.
 */
export class RequestWriter {
  /** Per URL: the bytes before each variable value, and last those before the content length (or the end of the head of a GET). */
  readonly #pieces: readonly (readonly Buffer[])[];
  readonly #hasBody: boolean;
  #scratch = Buffer.allocUnsafeSlow(INITIAL_SCRATCH_BYTES);

  constructor(targets: readonly Target[], variableHeaderNames: readonly string[], closesConnections: boolean) {
    this.#hasBody = targets.every((target) => target.method !== 'GET');
    this.#pieces = targets.map((target) => {
      let text = `${target.method} ${target.path} HTTP/1.1\r\n`;
      for (const [name, value] of target.headers) text += `${name}: ${value}\r\n`;
      if (closesConnections) text += 'Connection: close\r\n';
      const pieces = variableHeaderNames.map((name, index) =>
        Buffer.from(`${index === 0 ? text : '\r\n'}${name}: `, 'latin1'),
      );
      const beforeLength = variableHeaderNames.length === 0 ? text.slice(0, -2) : '';
      pieces.push(Buffer.from(this.#hasBody ? `${beforeLength}\r\nContent-Length: ` : beforeLength, 'latin1'));
      return pieces;
    });
  }

  /** The request's bytes. They stay valid until the next call, or for good after {@link releaseScratch}. */
  write(request: OutgoingRequest): Buffer {
    const { variableHeaders, body } = request;
    const pieces = this.#pieces[request.urlIndex] ?? [];
    let neededBytes = CONTENT_LENGTH_BYTES + body.length;
    for (let index = 0; index < pieces.length; index++) {
      neededBytes += (pieces[index]?.length ?? 0) + (variableHeaders[index]?.length ?? 0);
    }
    if (neededBytes > this.#scratch.length) this.#scratch = grown(this.#scratch, neededBytes);
    const scratch = this.#scratch;
    let position = 0;
    for (let index = 0; index < pieces.length; index++) {
      const piece = pieces[index] ?? END_OF_HEAD;
      scratch.set(piece, position);
      position += piece.length;
      const value = variableHeaders[index];
      if (value !== undefined) position = writeLatin1(scratch, value, position);
    }
    if (this.#hasBody) position = writeDecimal(scratch, body.length, position);
    scratch.set(END_OF_HEAD, position);
    position += END_OF_HEAD.length;
    if (this.#hasBody) {
      scratch.set(body, position);
      position += body.length;
    }
    return scratch.subarray(0, position);
  }

  /** The socket still reads the last written bytes: they are left to it, and the next request gets a buffer of its own. */
  releaseScratch(): void {
    this.#scratch = Buffer.allocUnsafeSlow(INITIAL_SCRATCH_BYTES);
  }
}

/** Throws {@link HttpTransportError} for a request that its transport cannot send, before anything is begun. */
export function assertSendable(
  request: OutgoingRequest,
  variableHeaderNames: readonly string[],
  urlCount: number,
): void {
  const { variableHeaders, urlIndex } = request;
  if (!(urlIndex >= 0 && urlIndex < urlCount)) {
    throw new HttpTransportError(
      'AIPERF_TRANSPORT_INVALID_URL',
      `URL index below ${urlCount} expected, ${urlIndex} found`,
    );
  }
  if (variableHeaders.length !== variableHeaderNames.length) {
    throw new HttpTransportError(
      'AIPERF_TRANSPORT_INVALID_HEADER',
      `${variableHeaderNames.length} variable headers expected, ${variableHeaders.length} found`,
    );
  }
  for (let index = 0; index < variableHeaders.length; index++) {
    assertHeaderValue(variableHeaderNames[index] ?? '', variableHeaders[index] ?? '');
  }
}

function writeLatin1(target: Buffer, value: string, start: number): number {
  let position = start;
  for (let index = 0; index < value.length; index++) target[position++] = value.charCodeAt(index);
  return position;
}

function writeDecimal(target: Buffer, value: number, start: number): number {
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits++;
  let rest = value;
  for (let position = start + digits - 1; position >= start; position--) {
    target[position] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  return start + digits;
}
