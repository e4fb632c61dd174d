import { expect, test } from 'vitest';

import { createTransport } from '../../http/create-transport.ts';
import { startRawServer } from '../raw-server.ts';
import { TEST_ONLY_CERTIFICATE } from '../test-certificate.ts';
import { bodyText, exchangeOnce, transportOptions } from '../transport-rig.ts';

import { expectConsistent, startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const HEAD = 'HTTP/1.1 200 OK\r\n';

function answer(statusLine: string, body: string): string {
  return `HTTP/1.1 ${statusLine}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Every failure is an error of the right kind in the timeline, and never the end of the transport. */
export function failureTests(subject: ComplianceSubject): void {
  test.for([
    ['401 Unauthorized', '{"error":"bad key"}', '{"error":"bad key"}'],
    ['404 Not Found', '{"detail":"Not Found"}', '{"detail":"Not Found"}'],
    ['500 Internal Server Error', 'boom', 'boom'],
    ['502 Bad Gateway', '<html>bad</html>', '<html>bad</html>'],
    ['429 Too Many Requests', '', 'Too Many Requests'],
    ['302 Found', '', 'Found (redirects are not followed)'],
  ] as const)('status %s', async ([statusLine, body, message]) => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(answer(statusLine, body)));
    for (let round = 0; round < 2; round++) {
      const timeline = await exchangeOnce(rig.transport);
      const httpStatus = Number(statusLine.slice(0, 3));
      expect(timeline.error).toEqual({ code: 'http_status', message, httpStatus, type: statusLine.slice(4) });
      expect(bodyText(timeline)).toBe(body);
    }
    expect(rig.server.connectionCount).toBe(1);
  });

  test('a status without a reason gets its usual one, and its message is bounded', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(answer('503 ', 'x'.repeat(10_000))));
    const timeline = await exchangeOnce(rig.transport);
    expect(timeline.error?.type).toBe('Service Unavailable');
    expect(timeline.error?.message.length).toBe(4096);
    expect(timeline.bodyLength).toBe(10_000);
  });

  test('an error response that is cut is still that error', async () => {
    await using rig = await startRig(subject, ({ socket }) => {
      socket.end('HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf of');
    });
    const timeline = await exchangeOnce(rig.transport);
    expect(timeline.error).toEqual({ code: 'http_status', message: 'half of', httpStatus: 500, type: 'Oops' });
  });

  test.for([
    ['garbage', 'what is this?\r\n\r\n'],
    ['another protocol', '220 smtp.example ESMTP\r\n'],
    ['a folded header', `${HEAD}X-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n`],
    ['two content lengths', `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!`],
    ['length and chunks', `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok`],
    ['a bad chunk size', `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ['a chunk longer than its size', `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n`],
    ['headers beyond 64 KiB', `${HEAD}X-A: ${'y'.repeat(70_000)}\r\n\r\n`],
  ] as const)('malformed: %s', async ([, bytes]) => {
    await using rig = await startRig(subject, ({ socket, requestIndex, connectionIndex }) => {
      socket.write(connectionIndex === 0 && requestIndex === 0 ? bytes : OK);
    });
    const timeline = await exchangeOnce(rig.transport);
    expect(timeline.error?.code).toBe('invalid_response');
    expect(timeline.error?.message).toMatch(/./u);
    expectConsistent(timeline);
    expect((await exchangeOnce(rig.transport)).error).toBeUndefined();
    expect(rig.server.connectionCount).toBe(2);
  });

  test('a compressed body that nobody asked for', async () => {
    await using rig = await startRig(subject, ({ socket }) => {
      socket.write(`${HEAD}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx`);
    });
    const { error } = await exchangeOnce(rig.transport);
    expect(error?.code).toBe('invalid_response');
    expect(error?.message).toContain('gzip');
  });

  test.for([
    ['announced', `${HEAD}Content-Length: 1001\r\n\r\n`],
    ['in chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n3e8\r\n${'x'.repeat(1000)}\r\n1\r\nx\r\n`],
    ['until close', `${HEAD}\r\n${'x'.repeat(1001)}`],
  ] as const)('a body that is too large, %s', async ([, bytes]) => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(bytes), { maxBodyBytes: 1000 });
    const timeline = await exchangeOnce(rig.transport);
    expect(timeline.error?.code).toBe('response_too_large');
    expect(timeline.bodyLength).toBeLessThanOrEqual(1000);
    await rig.server.until(() => rig.server.openCount === 0);
  });

  for (const how of ['end', 'resetAndDestroy'] as const) {
    test.for([
      ['in the headers', 'HTTP/1.1 200 OK\r\nContent-', ''],
      ['in a sized body', `${HEAD}Content-Length: 10\r\n\r\nhalf`, 'half'],
      ['in a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\na\r\nhalf`, 'half'],
      ['between chunks', `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, 'half'],
    ] as const)(`cut %s (${how})`, async ([, bytes, body]) => {
      await using rig = await startRig(subject, ({ socket }) => {
        // A reset discards what the client has not read yet, so it is given time to read it.
        socket.write(bytes, () => setTimeout(() => socket[how](), 20));
      });
      const timeline = await exchangeOnce(rig.transport);
      expect([timeline.error?.code, timeline.error?.type]).toEqual(['stream_cut', 'ClientPayloadError']);
      expect([timeline.resentCount, bodyText(timeline)]).toEqual([0, body]);
      expectConsistent(timeline);
    });
  }

  test('a reset is no proper end of a body that lasts until close', async () => {
    await using rig = await startRig(subject, ({ socket }) => {
      socket.write(`${HEAD}\r\nhalf`, () => setTimeout(() => socket.resetAndDestroy(), 20));
    });
    const timeline = await exchangeOnce(rig.transport);
    expect(timeline.error?.code).toBe(subject.kind === 'direct' ? 'stream_cut' : undefined);
    expect(bodyText(timeline)).toBe('half');
  });

  test('nobody listens', async () => {
    const server = await startRawServer(() => undefined);
    const { port } = server;
    await server[Symbol.asyncDispose]();
    const transport = await createTransport(transportOptions(`http://127.0.0.1:${port}`, { kind: subject.kind }));
    await transport.warmUp(3);
    const timeline = await exchangeOnce(transport);
    await transport.close();
    expect([timeline.error?.code, timeline.error?.type]).toEqual(['connection_refused', 'ClientConnectorError']);
    expect(timeline.error?.message).toContain('ECONNREFUSED');
    expect(timeline.startNs).toBeNaN();
    expectConsistent(timeline);
  });

  test('a name that does not exist', async () => {
    const transport = await createTransport(transportOptions('http://no-such-host.invalid', { kind: subject.kind }));
    const timeline = await exchangeOnce(transport);
    await transport.close();
    expect([timeline.error?.code, timeline.error?.type]).toEqual(['dns_failure', 'ClientConnectorDNSError']);
  });

  test('TLS with a trusted certificate', async () => {
    await using server = await startRawServer(({ socket }) => socket.write(OK), { tls: true });
    const options = { kind: subject.kind, certificateAuthorities: [TEST_ONLY_CERTIFICATE] };
    const transport = await createTransport(transportOptions(`https://localhost:${server.port}`, options));
    await transport.warmUp(1);
    for (const bytes of [100_000, 10, 100_000]) {
      const timeline = await exchangeOnce(transport, { body: Buffer.alloc(bytes, 'x') });
      expect([timeline.error, bodyText(timeline)]).toEqual([undefined, 'ok']);
      expect(timeline.sendEndNs).toBeGreaterThan(timeline.startNs);
      expectConsistent(timeline);
    }
    await transport.close();
    expect(server.requests.map((request) => request.body.length)).toEqual([100_000, 10, 100_000]);
    expect(server.connectionCount).toBe(1);
  });

  test.for([
    ['self-signed and not trusted', 'localhost', []],
    ['of another name', '127.0.0.1', [TEST_ONLY_CERTIFICATE]],
  ] as const)('TLS certificate %s', async ([, host, certificateAuthorities]) => {
    await using server = await startRawServer(({ socket }) => socket.write(OK), { tls: true });
    const options = { kind: subject.kind, certificateAuthorities };
    const transport = await createTransport(transportOptions(`https://${host}:${server.port}`, options));
    const timeline = await exchangeOnce(transport);
    await transport.close();
    expect([timeline.error?.code, timeline.error?.type]).toEqual(['tls_failure', 'ClientConnectorSSLError']);
    expect(server.requests).toEqual([]);
  });

  test('TLS to a server that speaks plain HTTP', async () => {
    await using server = await startRawServer(() => undefined);
    void server
      .until(() => server.connectionCount > 0)
      .then(() => server.writeToAll('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const transport = await createTransport(
      transportOptions(`https://127.0.0.1:${server.port}`, { kind: subject.kind }),
    );
    const timeline = await exchangeOnce(transport);
    await transport.close();
    expect(timeline.error?.code).toBe('tls_failure');
  });
}
