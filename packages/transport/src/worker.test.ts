import type { Credit, CreditReturnBatch } from '@aiperf/timing';
import { CREDIT_OUTCOMES } from '@aiperf/timing';
import { VirtualClock } from '@aiperf/timing/testing';
import { describe, expect, test } from 'vitest';
import type { RequestError } from './request-error.ts';
import { createRequestIds } from './request-ids.ts';
import type { RequestRecord } from './request-record.ts';
import { appendRead } from './timeline.ts';
import type { Exchange, Transport } from './transport.ts';
import { Worker } from './worker.ts';

const MS = 1_000_000;

/** Answers each request after a fixed virtual time; what a request becomes is decided by its number. */
class FakeTransport implements Transport {
  readonly sent: { readonly urlIndex: number; readonly variableHeaders: readonly string[]; readonly body: string }[] =
    [];
  readonly exchanges = new Set<Exchange>();
  maxInFlight = 0;
  readonly #pending = new Map<Exchange, () => void>();
  readonly #clock: VirtualClock;
  readonly #ending: (n: number) => { status?: number; error?: RequestError };

  constructor(clock: VirtualClock, ending: (n: number) => { status?: number; error?: RequestError } = () => ({})) {
    this.#clock = clock;
    this.#ending = ending;
  }

  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  send(exchange: Exchange): void {
    const n = this.sent.length;
    const { urlIndex, variableHeaders, body } = exchange.request;
    this.sent.push({ urlIndex, variableHeaders: [...variableHeaders], body: Buffer.from(body).toString() });
    this.exchanges.add(exchange);
    const { timeline } = exchange;
    timeline.queuedNs = this.#clock.now();
    // Every third request is sent twice, and the first time took 500 ns.
    timeline.resendNs = n % 3 === 2 ? 500 : 0;
    timeline.startNs = this.#clock.now() + 1000 + timeline.resendNs;
    const cancelTimer = this.#clock.startTimer(10, () => {
      appendRead(timeline, this.#clock.now(), Buffer.from(`answer ${n}`));
      const { status = 200, error } = this.#ending(n);
      timeline.status = status;
      this.#end(exchange, error);
    });
    this.#pending.set(exchange, cancelTimer);
    this.maxInFlight = Math.max(this.maxInFlight, this.#pending.size);
  }

  cancel(exchange: Exchange): void {
    if (!this.#pending.has(exchange)) return;
    this.#pending.get(exchange)?.();
    this.#end(exchange, { code: 'cancelled', message: 'cancelled', type: 'RequestCancellationError' });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #end(exchange: Exchange, error: RequestError | undefined): void {
    this.#pending.delete(exchange);
    exchange.timeline.error = error;
    exchange.timeline.endNs = this.#clock.now();
    exchange.onEnd(exchange);
  }
}

interface Rig {
  readonly clock: VirtualClock;
  readonly transport: FakeTransport;
  readonly worker: Worker;
  readonly records: (Omit<RequestRecord, 'timeline'> & { readonly body: string; readonly error: string | undefined })[];
  readonly returns: CreditReturnBatch[];
  readonly failures: unknown[];
  outcomes(): string[];
}

function createRig(ending?: (n: number) => { status?: number; error?: RequestError }): Rig {
  const clock = new VirtualClock();
  const transport = new FakeTransport(clock, ending);
  const records: Rig['records'] = [];
  const returns: CreditReturnBatch[] = [];
  const failures: unknown[] = [];
  const worker = new Worker({
    clock,
    timers: clock,
    pacer: clock.createPacer(),
    transport,
    urlCount: 2,
    benchmarkId: '0123456789ab',
    store: {
      turn: (conversation, turn) => {
        if (conversation === 9999) throw new Error('no such conversation');
        const body = Buffer.from(`conversation ${conversation}, turn ${turn}`);
        return conversation === 1 ? { body, inputTokens: 11, maxOutputTokens: 24 } : { body, inputTokens: 10 };
      },
    },
    onRecord: ({ timeline, ...record }) => {
      const body = Buffer.from(timeline.body.subarray(0, timeline.bodyLength)).toString();
      records.push({ ...copied(record), body, error: timeline.error?.code });
    },
    onFailure: (error) => failures.push(error),
  });
  worker.credits.onReturnsDue = () => returns.push(...worker.credits.takeReturns());
  const outcomes = (): string[] =>
    returns.flatMap((batch) => [...batch.outcomes].map((outcome) => CREDIT_OUTCOMES[outcome] ?? '?'));
  return { clock, transport, worker, records, returns, failures, outcomes };
}

function copied(record: Omit<RequestRecord, 'timeline'>): Omit<RequestRecord, 'timeline'> {
  const { creditId, phaseIndex, sessionNumber, conversationIndex, turnIndex, creditIssuedNs, dueNs } = record;
  const { turnaroundNs, cancelled, inputTokens, maxOutputTokens } = record;
  const ids = { creditId, phaseIndex, sessionNumber, conversationIndex, turnIndex, creditIssuedNs, dueNs };
  return { ...ids, turnaroundNs, cancelled, inputTokens, maxOutputTokens };
}

function begin({ worker }: Rig, slots: number | null, phaseIndex = 0): void {
  worker.credits.beginPhase({ phaseIndex, kind: 'profiling', slots, prefillSlots: null, stopSendingAtNs: null });
}

function grant({ worker }: Rig, ids: readonly number[], more: Partial<Credit> = {}): void {
  const { phaseIndex = 0, issuedNs = 5, dueNs = Number.NaN, conversationIndex, turnIndex = 0 } = more;
  worker.credits.grant({
    phaseIndex,
    issuedNs,
    ids: Float64Array.from(ids),
    sessionNumbers: Float64Array.from(ids),
    conversationIndexes: Uint32Array.from(ids, (id) => conversationIndex ?? id),
    turnIndexes: Uint32Array.from(ids, () => turnIndex),
    turnCounts: Uint32Array.from(ids, () => 1),
    dueNs: Float64Array.from(ids, () => dueNs),
    delaysNs: Float64Array.from(ids, () => 0),
    cancelAfterNs: Float64Array.from(ids, () => Number.NaN),
  });
}

describe('a request', () => {
  test('has the stored body, the ids of its credit and a base URL by its session', () => {
    const rig = createRig();
    begin(rig, null);
    grant(rig, [0, 1, 2], { turnIndex: 0 });
    rig.clock.runUntilIdle(1000 * MS);
    const ids = createRequestIds('0123456789ab');
    expect(rig.transport.sent).toEqual(
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
    expect(rig.records).toMatchObject([{ cancelled: outcome === 'cancelled', error: ending.error?.code }]);
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
    begin(rig, 2, 1);
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
