import { describe, expect, test } from 'vitest';
import type { RequestError } from '@aiperf/records';
import { createRequestIds } from '@aiperf/records';
import { begin, createRig, grant, MS } from './worker-rig.test.support.ts';

describe('a request', () => {
  test('has the stored body, the ids of its credit and a base URL by its session', () => {
    const rig = createRig();
    begin(rig, null);
    grant(rig, [0, 1, 2], { turnIndex: 0 });
    rig.clock.runUntilIdle(1000 * MS);
    const ids = createRequestIds('0123456789ab');
    expect(rig.transport.sent).toMatchObject(
      [0, 1, 2].map((n) => ({
        urlIndex: n % 2,
        variableHeaders: [ids.requestId(0, n), ids.correlationId(0, n), ids.correlationId(0, n)],
        body: `conversation ${n}, turn 0`,
      })),
    );
  });

  test('becomes a record with what the credit and the store say', () => {
    const rig = createRig();
    begin(rig, null, 3);
    grant(rig, [1], { phaseIndex: 3, dueNs: 7 * MS });
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.records).toEqual([
      {
        creditId: 1,
        phaseIndex: 3,
        sessionNumber: 1,
        conversationIndex: 1,
        turnIndex: 0,
        creditIssuedNs: 5,
        dueNs: 7 * MS,
        turnaroundNs: Number.NaN,
        cancelled: false,
        inputTokens: 11,
        historyReplies: [],
        maxOutputTokens: 24,
        body: 'answer 0',
        error: undefined,
      },
    ]);
  });

  test.for<[what: string, ending: { status?: number; error?: RequestError }, outcome: string]>([
    ['a good response', {}, 'completed'],
    ['a status of 400 and more', { status: 429 }, 'failed'],
    ['an error of the transport', { error: { code: 'stream_cut', message: '', type: '' } }, 'failed'],
    ['a cancelled one', { error: { code: 'cancelled', message: '', type: '' } }, 'cancelled'],
  ])('%s gives the credit its outcome', ([, ending, outcome]) => {
    const rig = createRig(() => ending);
    begin(rig, 1);
    grant(rig, [0]);
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.outcomes()).toEqual([outcome]);
    expect(rig.records).toMatchObject([{ cancelled: outcome === 'cancelled', error: ending.error }]);
    expect([rig.worker.completedCount, rig.worker.failedCount]).toEqual([
      outcome === 'completed' ? 1 : 0,
      outcome === 'failed' ? 1 : 0,
    ]);
  });
});

describe('a load', () => {
  test('every credit becomes one record and one return, in the slots given, with few exchanges', () => {
    const rig = createRig();
    begin(rig, 4);
    grant(
      rig,
      Array.from({ length: 500 }, (_, i) => i),
    );
    rig.clock.runUntilIdle(100_000 * MS);
    const inOrder = Array.from({ length: 500 }, (_, i) => i);
    expect(rig.records.map(({ creditId }) => creditId)).toEqual(inOrder);
    expect(rig.records.map(({ body }) => body)).toEqual(inOrder.map((n) => `answer ${n}`));
    expect(rig.returns.flatMap(({ ids }) => [...ids])).toEqual(inOrder);
    expect(rig.transport.maxInFlight).toBe(4);
    expect(rig.transport.exchanges.size).toBeLessThanOrEqual(8);
  });

  test('the next request is sent before the record of the last one is handled', () => {
    const rig = createRig();
    const order: string[] = [];
    const { transport, records } = rig;
    begin(rig, 1);
    grant(rig, [0, 1]);
    rig.clock.advanceTo(9 * MS);
    const send = transport.send.bind(transport);
    transport.send = (exchange) => {
      order.push(`sent with ${records.length} records`);
      send(exchange);
    };
    rig.clock.runUntilIdle(1000 * MS);
    expect(order).toEqual(['sent with 0 records']);
    expect(records).toHaveLength(2);
  });

  test('turnaround counts from the end of one response to the first byte of the next request', () => {
    const rig = createRig();
    begin(rig, 1);
    grant(rig, [0, 1, 2]);
    rig.clock.runUntilIdle(1000 * MS);
    // Virtual time passes only between the hand-over to the transport and the first byte.
    expect(rig.records.map(({ turnaroundNs }) => turnaroundNs)).toEqual([Number.NaN, 1000, 1000]);
  });

  test('a leased credit counts as issued when its slot became free, not when the lease was granted', () => {
    const rig = createRig();
    begin(rig, 1);
    grant(rig, [0, 1, 2], { issuedNs: 5 });
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.records.map(({ creditIssuedNs }) => creditIssuedNs)).toEqual([5, 10 * MS, 20 * MS]);
  });

  test('a credit with a due time keeps the time of its issue', () => {
    const rig = createRig();
    begin(rig, 1);
    grant(rig, [0, 1], { issuedNs: 5, dueNs: 6 });
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.records.map(({ creditIssuedNs }) => creditIssuedNs)).toEqual([5, 5]);
  });
});

describe('cancelling', () => {
  test('ends what is in flight of one phase', async () => {
    const rig = createRig();
    begin(rig, 2, 0);
    grant(rig, [0, 1], { phaseIndex: 0 });
    // Those of the older phase count as well.
    begin(rig, 4, 1);
    grant(rig, [0, 1], { phaseIndex: 1 });
    rig.clock.advanceTo(5 * MS);
    expect(rig.worker.inFlightCount).toBe(4);
    rig.worker.cancelInFlight(1);
    expect(rig.worker.inFlightCount).toBe(2);
    rig.worker.cancelInFlight();
    await rig.worker.whenIdle();
    rig.worker.flushRecords();
    expect(rig.records.map(({ phaseIndex, cancelled }) => [phaseIndex, cancelled])).toEqual([
      [1, true],
      [1, true],
      [0, true],
      [0, true],
    ]);
  });

  test('whenIdle waits for what is in flight', async () => {
    const rig = createRig();
    begin(rig, 1);
    grant(rig, [0]);
    rig.clock.advanceTo(1 * MS);
    const idle = rig.worker.whenIdle().then(() => rig.clock.now());
    rig.clock.advanceTo(20 * MS);
    expect(await idle).toBe(20 * MS);
    expect(rig.worker.inFlightCount).toBe(0);
  });

  test('closing leaves no timer', () => {
    const rig = createRig();
    begin(rig, null);
    grant(rig, [0], { dueNs: 500 * MS });
    rig.clock.advanceTo(1 * MS);
    rig.worker.close();
    expect(rig.clock.pendingTimerCount).toBe(0);
  });
});

test('a dataset that cannot be read is reported', () => {
  const rig = createRig();
  begin(rig, 1);
  grant(rig, [0], { conversationIndex: 9999 });
  rig.clock.advanceTo(1 * MS);
  expect(rig.failures).toMatchObject([{ message: 'no such conversation' }]);
  expect(rig.transport.sent).toEqual([]);
});
