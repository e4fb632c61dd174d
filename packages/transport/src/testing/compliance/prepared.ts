import { expect, test } from 'vitest';

import type { Timeline } from '@aiperf/records';
import type { Transport } from '../../transport.ts';
import { bodyText, exchangeOnce, pend } from '../transport-rig.ts';
import type { PendingExchange } from '../transport-rig.ts';

import { expectConsistent, startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A request that was made ahead of time, with a given body. */
interface Prepared extends PendingExchange {
  fire(): Promise<Timeline>;
  drop(): void;
}

function prepare(transport: Transport, body: string): Prepared | undefined {
  const pending = pend({ body: Buffer.from(body) });
  const prepared = transport.prepare?.(pending.exchange);
  if (prepared === undefined) return undefined;
  return {
    ...pending,
    fire: () => {
      prepared.fire();
      expect(pending.endCount()).toBe(0);
      return pending.ended;
    },
    drop: () => prepared.drop(),
  };
}

/** Requests that are made ahead of time and sent later, or not at all; of transports that have this. */
export function preparedTests(subject: ComplianceSubject): void {
  test('a prepared request is on the wire when it is fired and no earlier, on the idle connection', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(1);
    const prepared = prepare(rig.transport, 'first');
    // Sent after it was made and before it goes out: neither gets the other's bytes.
    expect(bodyText(await exchangeOnce(rig.transport, { body: Buffer.from('the other') }))).toBe('ok');
    expect(rig.server.requests.map(({ body }) => body.toString())).toEqual(['the other']);
    const timeline = await prepared?.fire();
    expect(rig.server.requests.map(({ body }) => body.toString())).toEqual(['the other', 'first']);
    expect(rig.server.requests[1]?.connectionIndex).toBe(0);
    if (timeline === undefined) throw new Error('nothing was prepared');
    expect([timeline.error, bodyText(timeline), timeline.connectionReused]).toEqual([undefined, 'ok', true]);
    expect(timeline.startNs).toBe(timeline.queuedNs);
    expect(timeline.sendEndNs).toBeGreaterThanOrEqual(timeline.startNs);
    expect(timeline.requestBytes).toBeGreaterThan('first'.length);
    expectConsistent(timeline);
  });

  test('several are prepared before any connection is open, and go out in the order in which they are fired', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    const bodies = ['first', 'second', 'third'];
    const [first, second, third] = bodies.map((body) => prepare(rig.transport, body));
    expect(rig.server.connectionCount).toBe(0);
    const timelines = [await third?.fire(), await first?.fire(), await second?.fire()];
    expect(rig.server.requests.map(({ body }) => body.toString())).toEqual(['third', 'first', 'second']);
    // The first of them had to open a connection, like any request that finds none.
    expect(timelines.map((timeline) => [timeline?.error, timeline?.connectionReused])).toEqual([
      [undefined, false],
      [undefined, true],
      [undefined, true],
    ]);
  });

  test('a dropped request never goes out and never ends, and its connection serves the next one', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(1);
    const dropped = prepare(rig.transport, 'dropped');
    dropped?.drop();
    const timeline = await exchangeOnce(rig.transport, { body: Buffer.from('next') });
    expect(timeline.connectionReused).toBe(true);
    expect(rig.server.requests.map(({ body }) => body.toString())).toEqual(['next']);
    expect([rig.server.connectionCount, dropped?.endCount()]).toEqual([1, 0]);
  });

  test('a connection that is lost meanwhile is replaced', async () => {
    let closeByServer = (): unknown => undefined;
    await using rig = await startRig(subject, ({ socket }) => {
      socket.write(OK);
      closeByServer = () => socket.end();
    });
    await exchangeOnce(rig.transport);
    const prepared = prepare(rig.transport, 'again');
    closeByServer();
    await rig.server.until(() => rig.server.openCount === 0);
    const timeline = await prepared?.fire();
    expect([timeline?.error, timeline?.connectionReused]).toEqual([undefined, false]);
    expect(rig.server.requests.map(({ connectionIndex }) => connectionIndex)).toEqual([0, 1]);
  });

  test('a transport that was closed meanwhile cancels it', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(1);
    const prepared = prepare(rig.transport, 'late');
    await rig.transport.close();
    expect((await prepared?.fire())?.error?.code).toBe('cancelled');
    expect(rig.server.requests).toEqual([]);
  });

  test('a prepared request larger than the socket takes at once goes out whole', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(2);
    const large = 'x'.repeat(4 * 1024 * 1024);
    const sending = prepare(rig.transport, large)?.fire();
    await prepare(rig.transport, 'small')?.fire();
    await sending;
    expect(rig.server.requests.map(({ body }) => body.length).toSorted((a, b) => a - b)).toEqual([5, large.length]);
    expect(rig.server.requests.some(({ body }) => body.toString() === large)).toBe(true);
  });

  test('it can be cancelled once it is sent', async () => {
    await using rig = await startRig(subject, () => undefined);
    await rig.transport.warmUp(1);
    const prepared = prepare(rig.transport, 'cancelled');
    const ended = prepared?.fire();
    if (prepared !== undefined) rig.transport.cancel(prepared.exchange);
    expect((await ended)?.error?.code).toBe('cancelled');
  });
}
