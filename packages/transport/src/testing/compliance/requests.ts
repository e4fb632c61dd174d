import { expect, test } from 'vitest';

import { createTransport } from '../../http/create-transport.ts';
import { HttpTransportError } from '../../http/http-transport-error.ts';
import { USER_AGENT } from '../../http/user-agent.ts';
import { startRawServer } from '../raw-server.ts';
import type { RawRequest } from '../raw-server.ts';
import { begin, exchangeOnce, SOME_BODY, transportOptions } from '../transport-rig.ts';

import { startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function header(request: RawRequest | undefined, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'imu').exec(request?.head ?? '')?.[1];
}

/** What is sent is what was asked for. */
export function requestTests(subject: ComplianceSubject): void {
  test('request line, headers and body', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK), {
      path: '/v1/chat/completions?x=1',
      headers: [
        ['Accept', 'text/event-stream'],
        ['Authorization', 'Bearer s3cret'],
        ['X-Latin', 'caf\u00e9'],
      ],
      variableHeaderNames: ['X-Request-ID', 'X-Correlation-ID'],
    });
    const timeline = await exchangeOnce(rig.transport, { variableHeaders: ['r-1', 'c-22'] });
    await exchangeOnce(rig.transport, { variableHeaders: ['r-10000', 'c-3'], body: Buffer.from('{"other":"body"}') });
    const [first, second] = rig.server.requests;
    expect(first?.head.split('\r\n')[0]).toBe('POST /v1/chat/completions?x=1 HTTP/1.1');
    expect(header(first, 'host')).toBe(`127.0.0.1:${rig.server.port}`);
    expect(header(first, 'user-agent')).toBe(USER_AGENT);
    expect(header(first, 'accept')).toBe('text/event-stream');
    expect(header(first, 'accept-encoding')).toBe('identity');
    expect(header(first, 'content-type')).toBe('application/json');
    expect(header(first, 'authorization')).toBe('Bearer s3cret');
    expect(header(first, 'x-latin')).toBe('caf\u00e9');
    expect([header(first, 'x-request-id'), header(first, 'x-correlation-id')]).toEqual(['r-1', 'c-22']);
    expect(header(first, 'content-length')).toBe(String(SOME_BODY.length));
    expect(first?.body.equals(SOME_BODY)).toBe(true);
    expect([header(second, 'x-request-id'), header(second, 'x-correlation-id')]).toEqual(['r-10000', 'c-3']);
    expect(second?.body.toString()).toBe('{"other":"body"}');
    expect(timeline.requestBytes).toBe((first?.head.length ?? 0) + 4 + SOME_BODY.length);
  });

  test('GET has neither body nor length', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK), { method: 'GET', path: '/health' });
    const timeline = await exchangeOnce(rig.transport);
    const [request] = rig.server.requests;
    expect(timeline.error).toBeUndefined();
    expect(request?.head.split('\r\n')[0]).toBe('GET /health HTTP/1.1');
    expect([header(request, 'content-length'), header(request, 'content-type')]).toEqual([undefined, undefined]);
  });

  test.for([
    ['/', '/v1/chat/completions'],
    ['/base/', '/base/v1/chat/completions'],
    ['/base/v1', '/base/v1/chat/completions'],
    ['/v1/', '/v1/chat/completions'],
    ['/a?key=1', '/a/v1/chat/completions?key=1'],
  ] as const)('base path %s', async ([base, path]) => {
    await using server = await startRawServer(({ socket }) => socket.write(OK));
    const transport = await createTransport(
      transportOptions(`http://127.0.0.1:${server.port}${base}`, { kind: subject.kind }),
    );
    await exchangeOnce(transport);
    await transport.close();
    expect(server.requests[0]?.head.split(' ')[1]).toBe(path);
  });

  test('user and password in the URL become basic authentication', async () => {
    await using server = await startRawServer(({ socket }) => socket.write(OK));
    const transport = await createTransport(
      transportOptions(`http://me:p%40ss@127.0.0.1:${server.port}`, { kind: subject.kind }),
    );
    await exchangeOnce(transport);
    await transport.close();
    expect(header(server.requests[0], 'authorization')).toBe(`Basic ${btoa('me:p@ss')}`);
    expect(header(server.requests[0], 'host')).toBe(`127.0.0.1:${server.port}`);
  });

  test('a name is looked up, and the time of that is kept', async () => {
    await using server = await startRawServer(({ socket }) => socket.write(OK));
    const transport = await createTransport(
      transportOptions(`http://localhost:${server.port}`, { kind: subject.kind }),
    );
    const timeline = await exchangeOnce(transport);
    await transport.close();
    expect(timeline.error).toBeUndefined();
    expect(timeline.dnsEndNs).toBeGreaterThanOrEqual(timeline.connectStartNs);
    expect(timeline.connectEndNs).toBeGreaterThanOrEqual(timeline.dnsEndNs);
  });

  test('an IPv6 address', async () => {
    await using server = await startRawServer(({ socket }) => socket.write(OK), { host: '::1' });
    const transport = await createTransport(transportOptions(`http://[::1]:${server.port}`, { kind: subject.kind }));
    const timeline = await exchangeOnce(transport);
    await transport.close();
    expect(timeline.error).toBeUndefined();
    expect(header(server.requests[0], 'host')).toBe(`[::1]:${server.port}`);
  });

  test('requests go to the URL that they name', async () => {
    await using one = await startRawServer(({ socket }) => socket.write(OK));
    await using two = await startRawServer(({ socket }) => socket.write(OK));
    const baseUrls = [`http://127.0.0.1:${one.port}`, `http://127.0.0.1:${two.port}`];
    const transport = await createTransport(transportOptions('', { kind: subject.kind, baseUrls }));
    await transport.warmUp(4);
    await Promise.all([one.until(() => one.connectionCount === 2), two.until(() => two.connectionCount === 2)]);
    for (const urlIndex of [1, 1, 0, 1]) await exchangeOnce(transport, { urlIndex });
    await transport.close();
    expect([one.requests.length, two.requests.length]).toEqual([1, 3]);
  });

  test.for([
    ['line break in a value', { headers: [['X-A', 'a\r\nX-B: b']] }],
    ['line feed in a value', { headers: [['X-A', 'a\nb']] }],
    ['beyond Latin-1', { headers: [['X-A', '\u4f60']] }],
    ['space in a name', { headers: [['X A', 'a']] }],
    ['own header', { headers: [['Content-Length', '5']] }],
    ['line break in a variable name', { variableHeaderNames: ['X\r\n'] }],
    ['fixed and variable', { headers: [['x-a', '1']], variableHeaderNames: ['X-A'] }],
    ['scheme', { baseUrls: ['ftp://127.0.0.1'] }],
    ['no URL', { baseUrls: [] }],
    ['not a URL', { baseUrls: ['127.0.0.1 x'] }],
    ['space in the path', { path: '/a b HTTP/1.1' }],
    ['relative path', { path: 'v1' }],
  ] as const)('refused when it is made: %s', async ([, options]) => {
    const made = createTransport(transportOptions('http://127.0.0.1', { kind: subject.kind, ...options }));
    await expect(made).rejects.toThrow(HttpTransportError);
  });

  test('a variable value that would break the head is refused before anything is sent', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK), { variableHeaderNames: ['X-A'] });
    for (const variableHeaders of [['a\r\nX-B: b'], ['\u4f60'], [], ['a', 'b']]) {
      expect(() => begin(rig.transport, { variableHeaders })).toThrow(HttpTransportError);
    }
    expect(() => begin(rig.transport, { variableHeaders: ['a'], urlIndex: 1 })).toThrow('URL index');
    expect(rig.server.connectionCount).toBe(0);
  });
}
