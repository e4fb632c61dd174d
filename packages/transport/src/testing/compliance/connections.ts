import { expect, test } from 'vitest';

import { bodyText, exchangeOnce } from '../transport-rig.ts';

import { expectConsistent, startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Connections are opened, kept, given up and replaced as they should be. */
export function connectionTests(subject: ComplianceSubject): void {
  test('a connection is used again, and only its first request has connection times', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    const first = await exchangeOnce(rig.transport);
    const second = await exchangeOnce(rig.transport);
    expect(rig.server.connectionCount).toBe(1);
    expect([first.connectionReused, second.connectionReused]).toEqual([false, true]);
    expect(first.connectEndNs).toBeGreaterThan(first.connectStartNs);
    expect(first.dnsEndNs).toBeNaN();
    expect([second.connectStartNs, second.connectEndNs]).toEqual([Number.NaN, Number.NaN]);
    expectConsistent(first);
  });

  test('never: each request has a connection of its own and says so', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK), { connectionReuse: 'never' });
    await rig.transport.warmUp(4);
    for (let round = 0; round < 3; round++) {
      const timeline = await exchangeOnce(rig.transport);
      expect([timeline.error, timeline.connectionReused]).toEqual([undefined, false]);
    }
    expect(rig.server.connectionCount).toBe(3);
    for (const request of rig.server.requests) expect(request.head).toMatch(/^connection: close$/imu);
    await rig.server.until(() => rig.server.openCount === 0);
  });

  test('a server may close after each response without saying so', async () => {
    await using rig = await startRig(subject, ({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
    });
    let resentCount = 0;
    for (let round = 0; round < 20; round++) {
      const timeline = await exchangeOnce(rig.transport);
      expect([timeline.error, bodyText(timeline)]).toEqual([undefined, 'ok']);
      expectConsistent(timeline);
      resentCount += timeline.resentCount;
    }
    // A request that crosses with the FIN is not read by the server, or read and not answered.
    expect(rig.server.requests.length).toBeGreaterThanOrEqual(20);
    expect(rig.server.requests.length).toBeLessThanOrEqual(20 + resentCount);
  });

  test.for(['end', 'resetAndDestroy'] as const)(
    'an empty reply on a used connection (%s): sent once more',
    async (how) => {
      await using rig = await startRig(subject, ({ socket, requestIndex }) => {
        if (requestIndex === 0) socket.write(OK);
        else socket[how]();
      });
      await exchangeOnce(rig.transport);
      const timeline = await exchangeOnce(rig.transport);
      expect([timeline.error, bodyText(timeline), timeline.resentCount]).toEqual([undefined, 'ok', 1]);
      expect(timeline.resendNs).toBeGreaterThan(0);
      expect(timeline.resendNs).toBeLessThan(timeline.startNs - timeline.queuedNs + 1);
      expect(timeline.connectionReused).toBe(false);
      expect(timeline.connectEndNs).toBeGreaterThan(timeline.connectStartNs);
      expect(rig.server.requests.map((request) => [request.connectionIndex, request.requestIndex])).toEqual([
        [0, 0],
        [0, 1],
        [1, 0],
      ]);
      expect(rig.server.requests[2]?.body).toEqual(rig.server.requests[1]?.body);
      expectConsistent(timeline);
    },
  );

  test('an empty reply to the second sending as well is an error', async () => {
    let count = 0;
    await using rig = await startRig(subject, ({ socket }) => {
      if (count++ === 0) socket.write(OK);
      else socket.end();
    });
    await exchangeOnce(rig.transport);
    const timeline = await exchangeOnce(rig.transport);
    expect([timeline.error?.code, timeline.error?.type]).toEqual(['connection_failed', 'ServerDisconnectedError']);
    expect([timeline.resentCount, rig.server.requests.length]).toEqual([1, 3]);
  });

  test.for(['end', 'resetAndDestroy'] as const)(
    'an empty reply on a fresh connection (%s) is an error',
    async (how) => {
      await using rig = await startRig(subject, ({ socket }) => socket[how]());
      const timeline = await exchangeOnce(rig.transport);
      expect([timeline.error?.code, timeline.error?.type]).toEqual(['connection_failed', 'ServerDisconnectedError']);
      expect([timeline.resentCount, rig.server.requests.length]).toEqual([0, 1]);
      expectConsistent(timeline);
    },
  );

  test('bytes after the response cost the connection, not the request', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(`${OK}HTTP/1.1 500 Nobody Asked\r\n\r\n`));
    for (let round = 0; round < 3; round++) {
      const timeline = await exchangeOnce(rig.transport);
      expect([timeline.error, bodyText(timeline)]).toEqual([undefined, 'ok']);
    }
    expect(rig.server.connectionCount).toBe(3);
  });

  test('warm-up opens as many connections as asked, and requests use them', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(8);
    await rig.server.until(() => rig.server.connectionCount === 8);
    const timelines = await Promise.all(Array.from({ length: 8 }, () => exchangeOnce(rig.transport)));
    for (const timeline of timelines) {
      expect([timeline.error, timeline.connectionReused]).toEqual([undefined, true]);
      expect(timeline.connectStartNs).toBeNaN();
    }
    expect(rig.server.connectionCount).toBe(8);
  });

  test('the connection used last is used first', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(3);
    for (let round = 0; round < 5; round++) await exchangeOnce(rig.transport);
    expect(new Set(rig.server.requests.map((request) => request.connectionIndex)).size).toBe(1);
  });

  test("a warm connection that the server closed is not the request's fault", async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(3);
    await rig.server.until(() => rig.server.connectionCount === 3);
    rig.server.closeConnections();
    await rig.server.until(() => rig.server.openCount === 0);
    const timeline = await exchangeOnce(rig.transport);
    expect([timeline.error, bodyText(timeline)]).toEqual([undefined, 'ok']);
  });

  test('500 streams at once, each on its own connection, none mixed up', async () => {
    await using rig = await startRig(subject, async ({ socket, body }) => {
      const text = body.toString();
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      for (let index = 0; index < 5; index++) {
        await new Promise((resolve) => setImmediate(resolve));
        socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
      }
      socket.write('0\r\n\r\n');
    });
    for (let round = 0; round < 2; round++) {
      const timelines = await Promise.all(
        Array.from({ length: 500 }, (_, index) =>
          exchangeOnce(rig.transport, { body: Buffer.from(`stream-${index};`) }),
        ),
      );
      timelines.forEach((timeline, index) => {
        expect(timeline.error).toBeUndefined();
        expect(bodyText(timeline)).toBe(`stream-${index};`.repeat(5));
      });
    }
    expect(rig.server.connectionCount).toBe(500);
  });
}
