import { expect, test } from 'vitest';

import { scheduledCancellation, createTimeline } from '@aiperf/records';
import type { Timeline } from '@aiperf/records';
import type { Exchange, Transport } from '../../transport.ts';
import { bodyText, exchangeOnce, SOME_BODY } from '../transport-rig.ts';

import { expectConsistent, startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** An exchange that says when it was sent and when bytes of the body came. */
interface Watched {
  readonly exchange: Exchange;
  readonly ended: Promise<Timeline>;
  /** Resolves with `timeline.sendEndNs` as it was when `onSent` was called. */
  readonly sent: Promise<number>;
  readonly sentCount: () => number;
  /** Bytes of the body at each call of `onBody`. */
  readonly bodyLengths: number[];
}

function watch(transport: Transport, body: Uint8Array = SOME_BODY, onSent?: (exchange: Exchange) => void): Watched {
  const ended = Promise.withResolvers<Timeline>();
  const sent = Promise.withResolvers<number>();
  const bodyLengths: number[] = [];
  let sentCount = 0;
  const exchange: Exchange = {
    request: { urlIndex: 0, variableHeaders: [], body },
    timeline: createTimeline(),
    onEnd: ({ timeline }) => ended.resolve(timeline),
    onSent: (each) => {
      sentCount++;
      sent.resolve(each.timeline.sendEndNs);
      onSent?.(each);
    },
    onBody: ({ timeline }) => bodyLengths.push(timeline.bodyLength),
  };
  transport.send(exchange);
  return { exchange, ended: ended.promise, sent: sent.promise, sentCount: () => sentCount, bodyLengths };
}

/** What an owner can hear of its exchange, and how it gives one up after it was sent. */
export function cancellationTests(subject: ComplianceSubject): void {
  test('onSent tells that the request is written, before any answer', async () => {
    await using rig = await startRig(subject, () => undefined);
    const { exchange, ended, sent, sentCount } = watch(rig.transport);
    const sendEndNs = await sent;
    expect(sendEndNs).toBeGreaterThanOrEqual(exchange.timeline.startNs);
    expect(exchange.timeline.headersNs).toBeNaN();
    rig.transport.cancel(exchange);
    expect((await ended).sendEndNs).toBe(sendEndNs);
    expect(sentCount()).toBe(1);
  });

  test('a request larger than the socket takes at once is told when its last byte has gone', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    const { ended, sentCount, exchange } = watch(rig.transport, Buffer.alloc(8 * 1024 * 1024, 'x'));
    const timeline = await ended;
    expect(timeline.error).toBeUndefined();
    expect(rig.server.requests[0]?.body.length).toBe(8 * 1024 * 1024);
    expect(timeline.sendEndNs).toBeGreaterThan(exchange.timeline.startNs);
    expect(sentCount()).toBeLessThanOrEqual(1);
  });

  test('a request given up after it was written keeps its start and says how long after', async () => {
    await using rig = await startRig(subject, ({ socket, connectionIndex }) => {
      if (connectionIndex > 0) socket.write(OK);
    });
    const { exchange, ended, sent } = watch(rig.transport);
    await sent;
    // The server has all of it, although nobody waits for the answer any more.
    await rig.server.until(() => rig.server.requests.length === 1);
    rig.transport.cancel(exchange, scheduledCancellation(10_000_000));
    const timeline = await ended;
    expect(timeline.error).toEqual({
      code: 'cancelled',
      type: 'RequestCancellationError',
      message: 'Request cancelled 0.010s after being sent',
      httpStatus: 499,
    });
    expect(timeline.startNs).toBeLessThanOrEqual(timeline.sendEndNs);
    expect(timeline.endNs).toBeGreaterThan(timeline.sendEndNs);
    expectConsistent(timeline);
    await rig.server.until(() => rig.server.openCount === 0);
    expect((await exchangeOnce(rig.transport)).error).toBeUndefined();
  });

  test('a request given up as soon as it is written reaches the server', async () => {
    await using rig = await startRig(subject, () => undefined);
    const { ended } = watch(rig.transport, SOME_BODY, (exchange) => {
      setImmediate(() => rig.transport.cancel(exchange, scheduledCancellation(0)));
    });
    expect((await ended).error?.message).toBe('Request cancelled 0.000s after being sent');
    await rig.server.until(() => rig.server.requests.length === 1);
    expect(rig.server.requests[0]?.body.equals(SOME_BODY)).toBe(true);
  });

  test('an answer that was complete before stays as it is', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    const { exchange, ended } = watch(rig.transport);
    const timeline = await ended;
    rig.transport.cancel(exchange, scheduledCancellation(10_000_000));
    expect([timeline.error, bodyText(timeline)]).toEqual([undefined, 'ok']);
  });

  test('onBody is called after each read with bytes of the body, which then are there', async () => {
    await using rig = await startRig(subject, ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n');
    });
    const { exchange, ended, bodyLengths } = watch(rig.transport);
    await rig.server.until(() => rig.server.requests.length === 1);
    const socket = rig.server.requests[0]?.socket;
    for (const length of [2, 4, 6]) {
      socket?.write('ab');
      for (let turn = 0; turn < 10_000 && exchange.timeline.bodyLength < length; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const timeline = await ended;
    expect(bodyLengths).toEqual([2, 4, 6]);
    expect(timeline.readCount).toBe(3);
  });

  test('open connections are counted', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    expect(rig.transport.openConnectionCount).toBe(0);
    await rig.transport.warmUp(3);
    expect(rig.transport.openConnectionCount).toBe(3);
    await exchangeOnce(rig.transport);
    expect(rig.transport.openConnectionCount).toBe(3);
    await rig.transport.close();
    expect(rig.transport.openConnectionCount).toBe(0);
  });
}
