import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { startRig } from '../testing/compliance/rig.ts';
import { writePieces } from '../testing/replay.ts';
import { bodyText, exchangeOnce } from '../testing/transport-rig.ts';

/** A response in parts, so that damage to it stays near to what servers and proxies get wrong. */
const response = fc
  .record({
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'),
    status: fc.constantFrom(
      '200 OK',
      '200',
      '200 ',
      '201 Created',
      '204 No Content',
      '404 Not Found',
      '500 Oh no',
      '302 x',
    ),
    headers: fc.array(
      fc.constantFrom(
        'Content-Type: text/event-stream',
        'content-type:application/json',
        'X-Long: ' + 'y'.repeat(300),
        'X-Empty:',
        'X-Latin: caf\u00e9 \t x',
        'Connection: keep-alive',
        'Connection: close',
        'Keep-Alive: timeout=5',
        'Date: Sun, 22 Nov 2026 10:00:00 GMT',
      ),
      { maxLength: 4 },
    ),
    framing: fc.constantFrom('length', 'chunked', 'close'),
    chunks: fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 5 }),
    extension: fc.constantFrom('', '', ';a=b', ';x="y z"'),
    trailer: fc.constantFrom('', '', 'X-Sum: 1\r\n'),
    closes: fc.boolean(),
  })
  .map(({ version, status, headers, framing, chunks, extension, trailer, closes }) => {
    const parts = chunks.map((chunk) => Buffer.from(chunk)).filter((chunk) => chunk.length > 0);
    const body = Buffer.concat(parts);
    const framingHeader =
      framing === 'length'
        ? [`Content-Length: ${body.length}`]
        : framing === 'chunked'
          ? ['Transfer-Encoding: chunked']
          : [];
    const head = Buffer.from([`${version} ${status}`, ...headers, ...framingHeader, '', ''].join('\r\n'), 'latin1');
    const encoded =
      framing === 'chunked'
        ? Buffer.concat([
            ...parts.flatMap((part) => [
              Buffer.from(`${part.length.toString(16)}${extension}\r\n`),
              part,
              Buffer.from('\r\n'),
            ]),
            Buffer.from(`0${extension}\r\n${trailer}\r\n`),
          ])
        : body;
    const hasBody = !status.startsWith('204');
    return { bytes: Buffer.concat(hasBody ? [head, encoded] : [head]), closes: closes || framing === 'close' };
  });

interface Answer {
  readonly bytes: Buffer;
  readonly closes: boolean;
}

/** Both transports read the same bytes; what they made of them. */
async function readByBoth(answer: Answer, seed: number): Promise<{ code: string; status: number; body: string }[]> {
  const outcomes = [];
  for (const kind of ['direct', 'undici'] as const) {
    let state = seed;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    await using rig = await startRig({ kind, skipsUnaskedContinue: false }, ({ socket }) => {
      // Damaged bytes may announce more than comes, so every connection is ended, or neither parser would know.
      void writePieces(socket, answer.bytes, 'pieces', random).then(() => answer.closes && socket.end());
    });
    const timeline = await exchangeOnce(rig.transport);
    const code = timeline.error?.code ?? 'none';
    const hasBody = code === 'none' || code === 'http_status';
    outcomes.push({ code, status: hasBody ? timeline.status : 0, body: hasBody ? bodyText(timeline) : '' });
  }
  return outcomes;
}

describe('direct transport against undici on the same bytes', () => {
  test('well-formed responses of all framings, in random pieces', async () => {
    await fc.assert(
      fc.asyncProperty(response, fc.integer({ min: 1, max: 1e6 }), async (answer, seed) => {
        const [direct, undici] = await readByBoth(answer, seed);
        expect(direct).toEqual(undici);
      }),
      { numRuns: 100 },
    );
  });

  test('cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(response, fc.nat(1e6), fc.integer({ min: 1, max: 1e6 }), async (answer, cut, seed) => {
        const bytes = answer.bytes.subarray(0, cut % answer.bytes.length);
        const [direct, undici] = await readByBoth({ bytes, closes: true }, seed);
        expect(direct).toEqual(undici);
      }),
      { numRuns: 100 },
    );
  });

  test('damaged in one byte: what both can read, they read alike', async () => {
    let bothReadCount = 0;
    await fc.assert(
      fc.asyncProperty(
        response,
        fc.nat(1e6),
        fc.nat(255),
        fc.integer({ min: 1, max: 1e6 }),
        async (answer, at, byte, seed) => {
          const bytes = Buffer.from(answer.bytes);
          bytes[at % bytes.length] = byte;
          const [direct, undici] = await readByBoth({ bytes, closes: true }, seed);
          // The one may refuse what the other lets pass; it must never read something else.
          if (direct?.code === 'none' && undici?.code === 'none') {
            bothReadCount += 1;
            expect(direct).toEqual(undici);
          }
          expect(direct?.code).toMatch(
            /^(?:none|http_status|invalid_response|stream_cut|connection_failed|response_too_large)$/u,
          );
        },
      ),
      { numRuns: 100 },
    );
    expect(bothReadCount).toBeGreaterThan(10);
  });
});
