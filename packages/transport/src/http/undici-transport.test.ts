import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';

import { describe, expect, test } from 'vitest';

import { expectConsistent } from '../testing/compliance/rig.ts';
import { TEST_ONLY_CERTIFICATE, TEST_ONLY_KEY } from '../testing/test-certificate.ts';
import { begin, bodyText, exchangeOnce, transportOptions } from '../testing/transport-rig.ts';

import { createTransport } from './create-transport.ts';

describe('undici transport over HTTP/2', () => {
  test('streams share a connection; one that is cancelled or reset leaves the others alone', async () => {
    const server = createSecureServer({ key: TEST_ONLY_KEY, cert: TEST_ONLY_CERTIFICATE });
    let sessionCount = 0;
    server.on('session', () => sessionCount++);
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      let body = '';
      stream.on('data', (bytes: Buffer) => (body += bytes.toString()));
      stream.on('end', () => {
        if (body === 'hang') return;
        if (body === 'fail') stream.respond({ ':status': 503 });
        else stream.respond({ ':status': 200, 'content-type': 'text/plain' });
        if (body === 'cut') stream.write('half', () => setTimeout(() => stream.destroy(new Error('cut')), 20));
        else stream.end(`${body} ${String(headers['x-request-id'])}`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const transport = await createTransport(
      transportOptions(`https://localhost:${port}`, {
        kind: 'undici',
        certificateAuthorities: [TEST_ONLY_CERTIFICATE],
        variableHeaderNames: ['X-Request-ID'],
      }),
    );
    try {
      const first = await exchangeOnce(transport, { body: Buffer.from('a'), variableHeaders: ['1'] });
      expect([first.error, first.status, first.contentType, bodyText(first)]).toEqual([
        undefined,
        200,
        'text/plain',
        'a 1',
      ]);
      expectConsistent(first);
      const hanging = begin(transport, { body: Buffer.from('hang'), variableHeaders: ['2'] });
      const others = await Promise.all(
        ['b', 'fail', 'cut', 'c'].map(async (text) =>
          exchangeOnce(transport, { body: Buffer.from(text), variableHeaders: ['3'] }),
        ),
      );
      expect(others.map((timeline) => timeline.error?.code)).toEqual([
        undefined,
        'http_status',
        'stream_cut',
        undefined,
      ]);
      expect(others[1]?.error?.type).toBe('Service Unavailable');
      transport.cancel(hanging.exchange);
      expect((await hanging.ended).error?.code).toBe('cancelled');
      const last = await exchangeOnce(transport, { body: Buffer.from('d'), variableHeaders: ['4'] });
      expect([last.error, bodyText(last), last.connectionReused]).toEqual([undefined, 'd 4', true]);
      expect(sessionCount).toBe(1);
    } finally {
      await transport.close();
      server.close();
    }
  });
});
