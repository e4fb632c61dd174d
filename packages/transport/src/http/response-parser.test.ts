import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bodyText } from '../testing/transport-rig.ts';
import { createTimeline } from '@aiperf/records';

import { ResponseParser } from './response-parser.ts';

const MAX_BODY_BYTES = 1000;

interface Outcome {
  readonly result: string;
  readonly status: number;
  readonly statusText: string;
  readonly contentType: string;
  readonly body: string;
  readonly keepAlive: boolean;
  /** Bytes that belong to the response; the rest is what follows it. */
  readonly consumedBytes: number;
}

/** Feeds bytes cut at the given lengths (the last one repeats), always at the same place of one reused buffer. */
function parse(bytes: Buffer, lengths: readonly number[], parser = new ResponseParser(MAX_BODY_BYTES)): Outcome {
  const timeline = createTimeline();
  const readBuffer = Buffer.alloc(bytes.length + 7);
  let position = 0;
  let consumedBytes = 0;
  let result: string = 'more';
  for (let index = 0; position < bytes.length && result === 'more'; index++) {
    const length = Math.min(lengths[Math.min(index, lengths.length - 1)] ?? 1, bytes.length - position);
    readBuffer.fill(0x41);
    bytes.copy(readBuffer, 3, position, position + length);
    result = parser.feed(readBuffer, 3, 3 + length, timeline);
    consumedBytes += parser.consumed;
    position += length;
  }
  if (result === 'more') result = parser.finish() ? 'complete at close' : 'cut';
  const { status, statusText, contentType } = timeline;
  const failed = result === 'invalid' || result === 'too_large';
  return {
    result,
    status,
    statusText,
    contentType,
    // How much of a refused body was kept depends on the split, and nobody reads it.
    body: failed ? '' : bodyText(timeline),
    keepAlive: !failed && parser.keepAlive,
    consumedBytes: failed ? 0 : consumedBytes,
  };
}

function lines(...all: string[]): string {
  return all.join('\r\n');
}

const OK = 'HTTP/1.1 200 OK';
const CHUNKED = lines(OK, 'Transfer-Encoding: chunked', '', '');

const RESPONSES: readonly (readonly [phrase: string, bytes: string, expected: Partial<Outcome>])[] = [
  [
    'content length',
    lines(OK, 'Content-Length: 5', '', 'hello'),
    { result: 'complete', body: 'hello', keepAlive: true },
  ],
  ['content length 0', lines(OK, 'content-length: 0', '', ''), { result: 'complete', body: '' }],
  ['bytes after the end', lines(OK, 'Content-Length: 2', '', 'okEXTRA'), { body: 'ok', consumedBytes: 40 }],
  ['until close', lines(OK, 'Content-Type: text/plain', '', 'abc'), { result: 'complete at close', keepAlive: false }],
  ['chunked', `${CHUNKED}3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n`, { result: 'complete', body: 'abc0123456789' }],
  ['chunk extensions', `${CHUNKED}3;a=1;b="x y"\r\nabc\r\n0;z\r\n\r\n`, { result: 'complete', body: 'abc' }],
  ['trailers', `${CHUNKED}1\r\na\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n`, { result: 'complete', body: 'a' }],
  ['leading zeros of a chunk size', `${CHUNKED}0003\r\nabc\r\n000\r\n\r\n`, { result: 'complete', body: 'abc' }],
  ['cut in a chunk', `${CHUNKED}5\r\nab`, { result: 'cut', body: 'ab' }],
  ['cut before the last chunk', `${CHUNKED}2\r\nab\r\n`, { result: 'cut', body: 'ab' }],
  ['cut in the trailers', `${CHUNKED}2\r\nab\r\n0\r\n`, { result: 'cut', body: 'ab' }],
  ['cut in the headers', lines(OK, 'Content-Le'), { result: 'cut', status: 0 }],
  ['204 has no body', lines('HTTP/1.1 204 No Content', '', ''), { result: 'complete', status: 204, keepAlive: true }],
  ['304 with a length has no body', lines('HTTP/1.1 304 Not Modified', 'Content-Length: 5', '', ''), { status: 304 }],
  ['HTTP/1.0', lines('HTTP/1.0 200 OK', 'Content-Length: 2', '', 'ok'), { keepAlive: false, body: 'ok' }],
  [
    'HTTP/1.0 kept',
    lines('HTTP/1.0 200 OK', 'Connection: Keep-Alive', 'Content-Length: 0', '', ''),
    { keepAlive: true },
  ],
  [
    'close among other options',
    lines(OK, 'Connection: foo, Close ', 'Content-Length: 0', '', ''),
    { keepAlive: false },
  ],
  ['no reason phrase', lines('HTTP/1.1 200', 'Content-Length: 0', '', ''), { statusText: '', result: 'complete' }],
  ['empty reason phrase', lines('HTTP/1.1 200 ', 'Content-Length: 0', '', ''), { statusText: '', result: 'complete' }],
  [
    'reason of several words',
    lines('HTTP/1.1 404 Not Found', 'Content-Length: 0', '', ''),
    { statusText: 'Not Found' },
  ],
  [
    'content type with parameters',
    lines(OK, 'cOnTeNt-TyPe:\t a/b; c=d \t', 'Content-Length: 0', '', ''),
    { contentType: 'a/b; c=d' },
  ],
  ['no content type', lines(OK, 'Content-Length: 0', '', ''), { contentType: '' }],
  ['100 first', lines('HTTP/1.1 100 Continue', '', OK, 'Content-Length: 2', '', 'ok'), { status: 200, body: 'ok' }],
  [
    'two 103 first',
    lines('HTTP/1.1 103 Early Hints', 'Content-Type: x', '', 'HTTP/1.1 103 x', '', OK, 'Content-Length: 0', '', ''),
    { status: 200, contentType: '' },
  ],
  ['nothing at all', '', { result: 'cut', status: 0 }],
  ['not HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n', { result: 'invalid' }],
  ['HTTP/2 in clear text', lines('HTTP/2.0 200 OK', '', ''), { result: 'invalid' }],
  ['status of two digits', lines('HTTP/1.1 20 OK', '', ''), { result: 'invalid' }],
  ['status of four digits', lines('HTTP/1.1 2000 OK', '', ''), { result: 'invalid' }],
  ['switching protocols', lines('HTTP/1.1 101 Switching Protocols', '', ''), { result: 'invalid' }],
  ['folded header', lines(OK, 'X-A: 1', ' 2', 'Content-Length: 0', '', ''), { result: 'invalid' }],
  ['space before the colon', lines(OK, 'Content-Length : 0', '', ''), { result: 'invalid' }],
  ['no colon', lines(OK, 'Content-Length', '', ''), { result: 'invalid' }],
  ['empty header name', lines(OK, ': 1', '', ''), { result: 'invalid' }],
  ['bare line feeds', `${OK}\nContent-Length: 0\n\n`, { result: 'invalid' }],
  ['bare carriage return', lines(OK, 'X-A: 1\r2', '', ''), { result: 'invalid' }],
  ['NUL in a value', lines(OK, 'X-A: 1\u00002', '', ''), { result: 'invalid' }],
  ['length given twice', lines(OK, 'Content-Length: 5', 'Content-Length: 5', '', 'hello'), { result: 'invalid' }],
  ['lengths in one line', lines(OK, 'Content-Length: 5, 5', '', 'hello'), { result: 'invalid' }],
  ['negative length', lines(OK, 'Content-Length: -1', '', ''), { result: 'invalid' }],
  ['empty length', lines(OK, 'Content-Length:', '', ''), { result: 'invalid' }],
  ['length beyond 2^53', lines(OK, 'Content-Length: 99999999999999999999', '', ''), { result: 'invalid' }],
  ['length and chunked', lines(OK, 'Content-Length: 5', 'Transfer-Encoding: chunked', '', ''), { result: 'invalid' }],
  [
    'chunked twice',
    lines(OK, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', '', ''),
    { result: 'invalid' },
  ],
  ['compressed and chunked', lines(OK, 'Transfer-Encoding: gzip, chunked', '', ''), { result: 'invalid' }],
  ['chunk size missing', `${CHUNKED}\r\nabc`, { result: 'invalid' }],
  ['chunk size not hexadecimal', `${CHUNKED}xyz\r\n`, { result: 'invalid' }],
  ['chunk size of 14 digits', `${CHUNKED}10000000000000\r\n`, { result: 'invalid' }],
  ['chunk size and a space', `${CHUNKED}3 \r\nabc\r\n0\r\n\r\n`, { result: 'invalid' }],
  ['chunk size ended by a line feed alone', `${CHUNKED}3\nabc\r\n0\r\n\r\n`, { result: 'invalid' }],
  ['chunk longer than its size', `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n`, { result: 'invalid' }],
  ['line feed inside a chunk extension', `${CHUNKED}3;a\nabc\r\n`, { result: 'invalid' }],
  ['malformed trailer', `${CHUNKED}0\r\nbad trailer\r\n\r\n`, { result: 'invalid' }],
  ['announced body too large', lines(OK, `Content-Length: ${MAX_BODY_BYTES + 1}`, '', ''), { result: 'too_large' }],
  [
    'body of the largest size',
    lines(OK, `Content-Length: ${MAX_BODY_BYTES}`, '', 'x'.repeat(MAX_BODY_BYTES)),
    { result: 'complete' },
  ],
  ['chunks too large together', `${CHUNKED}3e8\r\n${'x'.repeat(1000)}\r\n1\r\nx\r\n`, { result: 'too_large' }],
  ['until close and too large', lines(OK, '', 'x'.repeat(MAX_BODY_BYTES + 1)), { result: 'too_large' }],
];

describe('ResponseParser', () => {
  test.for(RESPONSES)('%s', ([, text, expected]) => {
    expect(parse(Buffer.from(text, 'latin1'), [100_000])).toMatchObject(expected);
  });

  test.for(RESPONSES)('%s: every cut in two, and byte by byte', ([, text]) => {
    const bytes = Buffer.from(text, 'latin1');
    const whole = parse(bytes, [100_000]);
    expect(parse(bytes, [1])).toEqual(whole);
    for (let cut = 1; cut < bytes.length; cut++) expect(parse(bytes, [cut, 100_000])).toEqual(whole);
  });

  test('any split of any of them gives the same', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RESPONSES),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        ([, text], lengths) => {
          const bytes = Buffer.from(text, 'latin1');
          expect(parse(bytes, lengths)).toEqual(parse(bytes, [100_000]));
        },
      ),
    );
  });

  test('any damage to any of them gives a result, the same in any split', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RESPONSES),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        ([, text], damage, lengths) => {
          const bytes = Buffer.from(text, 'latin1');
          for (const [position, byte] of damage) if (position < bytes.length) bytes[position] = byte;
          expect(parse(bytes, lengths)).toEqual(parse(bytes, [100_000]));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('any bytes give a result', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(parse(Buffer.from(noise), [100_000]).result).toMatch(/^(?:cut|invalid)$/u);
      }),
    );
  });

  test('one parser serves one response after another', () => {
    const parser = new ResponseParser(MAX_BODY_BYTES);
    for (const [, text, expected] of RESPONSES) {
      parser.reset();
      expect(parse(Buffer.from(text, 'latin1'), [7], parser)).toMatchObject(expected);
    }
  });

  test('headers of 64 KiB are read, longer ones are refused in any split', () => {
    const head = (length: number): Buffer =>
      Buffer.from(lines(OK, `X: ${'y'.repeat(length)}`, 'Content-Length: 0', '', ''));
    const fixedBytes = head(0).length;
    const largest = head(65_536 - fixedBytes);
    const tooLong = head(65_537 - fixedBytes);
    for (const length of [1, 1000, 65_536, 100_000]) {
      expect(parse(largest, [length]).result).toBe('complete');
      expect(parse(tooLong, [length]).result).toBe('invalid');
    }
  });

  test('a chunk extension that does not end is refused', () => {
    const parser = new ResponseParser(MAX_BODY_BYTES);
    expect(parse(Buffer.from(`${CHUNKED}3;${'x'.repeat(5000)}`), [100], parser).result).toBe('invalid');
    expect(parser.problem).toBe('chunk extension too long');
  });
});
