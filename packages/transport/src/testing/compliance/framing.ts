import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { expect, test } from 'vitest';

import { createTransport } from '../../http/create-transport.ts';
import { writePieces } from '../replay.ts';
import { bodyText, exchangeOnce, transportOptions } from '../transport-rig.ts';

import { expectConsistent, startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const EVENTS = 'data: {"a":1}\n\ndata: {"b":"é"}\n\ndata: [DONE]\n\n';
const CHUNKED_EVENTS = EVENTS.split(/(?<=\n\n)/u)
  .map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`)
  .join('');

/** Answers with their framing; `closes` says that the server ends the connection after it. */
const ANSWERS: readonly {
  readonly phrase: string;
  readonly bytes: string;
  readonly body: string;
  readonly closes?: boolean;
  readonly status?: number;
}[] = [
  {
    phrase: 'content length',
    bytes: `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(EVENTS)}\r\n\r\n${EVENTS}`,
    body: EVENTS,
  },
  {
    phrase: 'chunks',
    bytes: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${CHUNKED_EVENTS}0\r\n\r\n`,
    body: EVENTS,
  },
  {
    phrase: 'chunks with extensions and trailers',
    bytes: `HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nTrailer: x\r\n\r\n3;n=v\r\nabc\r\n0;q="1"\r\nX: y\r\n\r\n`,
    body: 'abc',
  },
  { phrase: 'until close', bytes: `HTTP/1.1 200 OK\r\n\r\n${EVENTS}`, body: EVENTS, closes: true },
  { phrase: 'HTTP/1.0 until close', bytes: `HTTP/1.0 200 OK\r\n\r\n${EVENTS}`, body: EVENTS, closes: true },
  {
    phrase: 'Connection: close',
    bytes: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    body: 'ok',
    closes: true,
  },
  { phrase: 'no content', bytes: 'HTTP/1.1 204 No Content\r\n\r\n', body: '', status: 204 },
  {
    phrase: '103 before it',
    bytes: 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    body: 'ok',
  },
];

/** Bodies arrive whole, however they are framed and cut. */
export function framingTests(subject: ComplianceSubject): void {
  for (const mode of ['one-read', 'bytes', 'pieces'] as const) {
    test.for(ANSWERS)(`framing, ${mode}: $phrase`, async ({ bytes, body, closes, status }) => {
      let seed = 7;
      const random = (): number => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647 / 20;
      };
      await using rig = await startRig(subject, ({ socket }) => {
        void writePieces(socket, Buffer.from(bytes), mode, random).then(() => closes === true && socket.end());
      });
      for (let round = 0; round < 2; round++) {
        const timeline = await exchangeOnce(rig.transport);
        expect(timeline.error).toBeUndefined();
        expect(timeline.status).toBe(status ?? 200);
        expect(bodyText(timeline)).toBe(body);
        if (subject.kind === 'direct') expect(timeline.responseBytes).toBe(Buffer.byteLength(bytes));
        expectConsistent(timeline);
      }
      expect(rig.server.connectionCount).toBe(closes === true ? 2 : 1);
    });
  }

  test('100 before the response', async () => {
    await using rig = await startRig(subject, ({ socket }) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
    const timeline = await exchangeOnce(rig.transport);
    expect(timeline.error?.code).toBe(subject.skipsUnaskedContinue ? undefined : 'invalid_response');
    expect(bodyText(timeline)).toBe(subject.skipsUnaskedContinue ? 'ok' : '');
  });

  test('each read of a stream has its own time, and events of one read share one', async () => {
    await using rig = await startRig(subject, async ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (const part of ['1\r\na\r\n', '1\r\nb\r\n2\r\ncd\r\n', '3\r\nefg\r\n', '0\r\n\r\n']) {
        await new Promise((resolve) => setTimeout(resolve, 15));
        socket.write(part);
      }
    });
    const timeline = await exchangeOnce(rig.transport);
    expect(timeline.contentType).toBe('text/event-stream');
    expect([...timeline.readLengths.subarray(0, timeline.readCount)]).toEqual([1, 3, 3]);
    const stamps = [
      timeline.startNs,
      timeline.headersNs,
      ...timeline.readNs.subarray(0, timeline.readCount),
      timeline.endNs,
    ];
    for (let index = 2; index < stamps.length; index++) {
      expect((stamps[index] ?? 0) - (stamps[index - 1] ?? 0)).toBeGreaterThan(1e6);
    }
    expectConsistent(timeline);
  });

  test('bodies of 8 MiB both ways', async () => {
    await using rig = await startRig(subject, ({ socket, body }) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    const sent = Buffer.alloc(8 * 1024 * 1024);
    for (let index = 0; index < sent.length; index += 4) sent.writeUInt32LE(index, index);
    const [timeline, other] = await Promise.all([
      exchangeOnce(rig.transport, { body: sent }),
      exchangeOnce(rig.transport),
    ]);
    expect(timeline.error).toBeUndefined();
    expect(sent.equals(timeline.body.subarray(0, timeline.bodyLength))).toBe(true);
    expect(timeline.requestBytes).toBeGreaterThan(sent.length);
    expect(timeline.sendEndNs).toBeGreaterThan(timeline.startNs);
    expect(bodyText(other)).toContain('"model"');
    expectConsistent(timeline);
  });

  test("node's own HTTP server", async () => {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.write('{"a":');
        response.end('1}');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const transport = await createTransport(transportOptions(`http://127.0.0.1:${port}`, { kind: subject.kind }));
    try {
      for (let round = 0; round < 3; round++) {
        const timeline = await exchangeOnce(transport);
        expect([timeline.error, timeline.contentType, bodyText(timeline)]).toEqual([
          undefined,
          'application/json',
          '{"a":1}',
        ]);
        expect(timeline.connectionReused).toBe(round > 0);
      }
    } finally {
      await transport.close();
      server.close();
    }
  });
}
