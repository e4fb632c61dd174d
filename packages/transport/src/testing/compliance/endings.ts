import { expect, test } from 'vitest';

import { createTimeline } from '@aiperf/records';
import { begin, bodyText, exchangeOnce } from '../transport-rig.ts';

import { expectConsistent, startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n';

/** Requests that the client ends: time limit, cancel, close. */
export function endingTests(subject: ComplianceSubject): void {
  test.for([
    ['waiting for the response', ''],
    ['reading the response', `${HEAD}part`],
  ] as const)('time limit while %s', async ([stage, bytes]) => {
    await using rig = await startRig(
      subject,
      ({ socket, connectionIndex }) => {
        socket.write(connectionIndex === 0 ? bytes : OK);
      },
      { requestTimeoutMs: 60 },
    );
    const timeline = await exchangeOnce(rig.transport);
    expect([timeline.error?.code, timeline.error?.type]).toEqual(['timeout', 'TimeoutError']);
    expect(timeline.error?.message).toContain(stage);
    expect(timeline.endNs - timeline.queuedNs).toBeGreaterThanOrEqual(60e6);
    expectConsistent(timeline);
    await rig.server.until(() => rig.server.openCount === 0);
    expect((await exchangeOnce(rig.transport)).error).toBeUndefined();
  });

  test('the time limit counts for each request from its own start', async () => {
    await using rig = await startRig(
      subject,
      ({ socket, body }) => {
        if (body.toString() === 'answer') socket.write(OK);
      },
      { requestTimeoutMs: 80 },
    );
    const first = begin(rig.transport);
    await new Promise((resolve) => setTimeout(resolve, 40));
    const second = begin(rig.transport);
    const third = await exchangeOnce(rig.transport, { body: Buffer.from('answer') });
    expect(third.error).toBeUndefined();
    for (const { ended } of [first, second]) {
      const timeline = await ended;
      expect(timeline.error?.code).toBe('timeout');
      expect(timeline.endNs - timeline.queuedNs).toBeGreaterThanOrEqual(80e6);
    }
  });

  test('cancelled before its connection is open', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    const pending = begin(rig.transport);
    rig.transport.cancel(pending.exchange);
    const timeline = await pending.ended;
    expect(timeline.error).toEqual({
      code: 'cancelled',
      message: 'cancelled before it was sent',
      httpStatus: 499,
      type: 'RequestCancellationError',
    });
    expect((await exchangeOnce(rig.transport)).error).toBeUndefined();
    expect(rig.server.requests.length).toBe(1);
    expect(pending.endCount()).toBe(1);
  });

  test.for([
    ['waiting for the response', '', ''],
    ['reading the response', `${HEAD}part`, 'part'],
  ] as const)('cancelled while %s', async ([, bytes, body]) => {
    await using rig = await startRig(subject, ({ socket, connectionIndex }) => {
      socket.write(connectionIndex === 0 ? bytes : OK);
    });
    const pending = begin(rig.transport);
    await rig.server.until(() => rig.server.requests.length === 1);
    // The response's first bytes need some turns of the event loop to get here.
    const { timeline: live } = pending.exchange;
    for (let turn = 0; turn < 10_000 && live.bodyLength < body.length; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    rig.transport.cancel(pending.exchange);
    rig.transport.cancel(pending.exchange);
    const timeline = await pending.ended;
    expect([timeline.error?.code, timeline.error?.httpStatus]).toEqual(['cancelled', 499]);
    expect(timeline.error?.message).toMatch(/^cancelled \d+\.\d{3}s after it was sent$/u);
    expect(bodyText(timeline)).toBe(body);
    await rig.server.until(() => rig.server.openCount === 0);
    expect((await exchangeOnce(rig.transport)).error).toBeUndefined();
    expect(pending.endCount()).toBe(1);
  });

  test('to cancel what has ended does nothing', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    const pending = begin(rig.transport);
    const timeline = await pending.ended;
    rig.transport.cancel(pending.exchange);
    expect((await exchangeOnce(rig.transport)).error).toBeUndefined();
    expect([timeline.error, pending.endCount(), rig.server.connectionCount]).toEqual([undefined, 1, 1]);
  });

  test('onEnd may send the next request, with the same timeline', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    let left = 50;
    await new Promise<void>((resolve) => {
      const { exchange } = begin(rig.transport);
      const next = {
        request: exchange.request,
        timeline: exchange.timeline,
        onEnd(): void {
          if (--left > 0) rig.transport.send(next);
          else resolve();
        },
      };
      rig.transport.cancel(exchange);
      next.timeline = createTimeline();
      rig.transport.send(next);
    });
    expect(rig.server.requests.length).toBeGreaterThanOrEqual(50);
  });

  test('close ends what is in flight and leaves nothing open', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const rig = await startRig(subject, ({ socket, body }) => {
      if (body.toString() === 'answer') socket.write(OK);
    });
    await rig.transport.warmUp(4);
    await exchangeOnce(rig.transport, { body: Buffer.from('answer') });
    const waiting = Array.from({ length: 6 }, () => begin(rig.transport));
    await rig.server.until(() => rig.server.requests.length === 7);
    const connecting = begin(rig.transport);
    await rig.transport.close();
    for (const { ended, endCount } of [...waiting, connecting]) {
      expect(endCount()).toBe(1);
      expect((await ended).error?.code).toBe('cancelled');
    }
    const late = await exchangeOnce(rig.transport);
    expect(late.error?.code).toBe('cancelled');
    await rig.transport.close();
    await rig.server.until(() => rig.server.openCount === 0);
    await rig.server[Symbol.asyncDispose]();
    const after = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    // Those of earlier tests may have gone meanwhile.
    expect(after).toBeLessThanOrEqual(before);
  });
}
