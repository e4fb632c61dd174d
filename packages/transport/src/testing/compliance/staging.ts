import { expect, test } from 'vitest';

import type { Timeline } from '@aiperf/records';
import type { Transport } from '../../transport.ts';
import { bodyText, exchangeOnce, pend } from '../transport-rig.ts';
import type { PendingExchange } from '../transport-rig.ts';

import { expectConsistent, startRig } from './rig.ts';
import type { ComplianceSubject } from './rig.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A staged request with a given body. */
interface Staged extends PendingExchange {
  fire(): Promise<Timeline>;
  drop(): void;
}

function stage(transport: Transport, body: string): Staged | undefined {
  const pending = pend({ body: Buffer.from(body) });
  const staged = transport.stage?.(pending.exchange);
  if (staged === undefined) return undefined;
  return {
    ...pending,
    fire: () => {
      staged.fire();
      expect(pending.endCount()).toBe(0);
      return pending.ended;
    },
    drop: () => staged.drop(),
  };
}

/** Requests that are staged and sent later, or not at all; of transports that have this. */
export function stagingTests(subject: ComplianceSubject): void {
  test('a staged request is on the wire when it is fired and no earlier, on the idle connection', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(1);
    const staged = stage(rig.transport, 'first');
    // Sent after it was made and before it goes out: neither gets the other's bytes.
    expect(bodyText(await exchangeOnce(rig.transport, { body: Buffer.from('the other') }))).toBe('ok');
    expect(rig.server.requests.map(({ body }) => body.toString())).toEqual(['the other']);
    const timeline = await staged?.fire();
    expect(rig.server.requests.map(({ body }) => body.toString())).toEqual(['the other', 'first']);
    expect(rig.server.requests[1]?.connectionIndex).toBe(0);
    if (timeline === undefined) throw new Error('nothing was staged');
    expect([timeline.error, bodyText(timeline), timeline.connectionReused]).toEqual([undefined, 'ok', true]);
    expect(timeline.startNs).toBe(timeline.queuedNs);
    expect(timeline.sendEndNs).toBeGreaterThanOrEqual(timeline.startNs);
    expect(timeline.requestBytes).toBeGreaterThan('first'.length);
    expectConsistent(timeline);
  });

  test('several are staged before any connection is open, and go out in the order in which they are fired', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    const bodies = ['first', 'second', 'third'];
    const [first, second, third] = bodies.map((body) => stage(rig.transport, body));
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
    const dropped = stage(rig.transport, 'dropped');
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
    const staged = stage(rig.transport, 'again');
    closeByServer();
    await rig.server.until(() => rig.server.openCount === 0);
    const timeline = await staged?.fire();
    expect([timeline?.error, timeline?.connectionReused]).toEqual([undefined, false]);
    expect(rig.server.requests.map(({ connectionIndex }) => connectionIndex)).toEqual([0, 1]);
  });

  test('a transport that was closed meanwhile cancels it', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(1);
    const staged = stage(rig.transport, 'late');
    await rig.transport.close();
    expect((await staged?.fire())?.error?.code).toBe('cancelled');
    expect(rig.server.requests).toEqual([]);
  });

  test('a staged request larger than the socket takes at once goes out whole', async () => {
    await using rig = await startRig(subject, ({ socket }) => socket.write(OK));
    await rig.transport.warmUp(2);
    const large = 'x'.repeat(4 * 1024 * 1024);
    const sending = stage(rig.transport, large)?.fire();
    await stage(rig.transport, 'small')?.fire();
    await sending;
    expect(rig.server.requests.map(({ body }) => body.length).toSorted((a, b) => a - b)).toEqual([5, large.length]);
    expect(rig.server.requests.some(({ body }) => body.toString() === large)).toBe(true);
  });

  test('it can be cancelled once it is sent', async () => {
    await using rig = await startRig(subject, () => undefined);
    await rig.transport.warmUp(1);
    const staged = stage(rig.transport, 'cancelled');
    const ended = staged?.fire();
    if (staged !== undefined) rig.transport.cancel(staged.exchange);
    expect((await ended)?.error?.code).toBe('cancelled');
  });
}
