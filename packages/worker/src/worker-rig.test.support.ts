import type { Credit, CreditReturnBatch } from '@aiperf/timing';
import { CREDIT_OUTCOMES } from '@aiperf/timing';
import { VirtualClock } from '@aiperf/timing/testing';
import { endpointOf } from '@aiperf/endpoints';
import type { RequestError, RequestRecord } from '@aiperf/records';
import { appendRead } from '@aiperf/records';
import type { Exchange, StagedSend, Transport } from '@aiperf/transport';
import { Worker } from './worker.ts';

export const MS = 1_000_000;

/** What becomes of one request. */
export interface Ending {
  readonly status?: number;
  readonly error?: RequestError;
  readonly contentType?: string;
  /** Pieces of the response and when they come after the sending, in ms. Absent: one piece with the request's number, at the end. */
  readonly reads?: readonly (readonly [atMs: number, text: string])[];
  /** Absent: 10 ms after the sending. */
  readonly endMs?: number;
  /** When the request is completely written; absent: at once. `null`: never known. */
  readonly sentMs?: number | null;
}

/** Answers each request in virtual time; what a request becomes is decided by its number. */
export class FakeTransport implements Transport {
  readonly sent: {
    readonly urlIndex: number;
    readonly variableHeaders: readonly string[];
    readonly body: string;
    readonly atMs: number;
  }[] = [];
  readonly exchanges: Set<Exchange> = new Set();
  maxInFlight = 0;
  /** Requests staged and neither sent nor given up. */
  stagedCount = 0;
  droppedCount = 0;
  /** No request can be staged, as with a header that cannot be sent. */
  refusesToStage = false;
  readonly #pending = new Map<Exchange, () => void>();
  readonly #clock: VirtualClock;
  readonly #ending: (n: number) => Ending;

  constructor(clock: VirtualClock, ending: (n: number) => Ending = () => ({})) {
    this.#clock = clock;
    this.#ending = ending;
  }

  get openConnectionCount(): number {
    return this.#pending.size;
  }

  warmUp(): Promise<void> {
    return Promise.resolve();
  }

  send(exchange: Exchange): void {
    const n = this.sent.length;
    const { urlIndex, variableHeaders, body } = exchange.request;
    const atMs = this.#clock.now() / MS;
    this.sent.push({ urlIndex, variableHeaders: [...variableHeaders], body: Buffer.from(body).toString(), atMs });
    this.exchanges.add(exchange);
    const { timeline } = exchange;
    timeline.queuedNs = this.#clock.now();
    // Every third request is sent twice, and the first time took 500 ns.
    timeline.resendNs = n % 3 === 2 ? 500 : 0;
    timeline.startNs = this.#clock.now() + 1000 + timeline.resendNs;
    const { status = 200, error, contentType = 'text/plain', endMs = 10, sentMs = 0, ...ending } = this.#ending(n);
    const reads = ending.reads ?? [[endMs, `answer ${n}`]];
    const timers = reads.map(([readMs, text]) =>
      this.#clock.startTimer(readMs, () => {
        timeline.status = status;
        timeline.contentType = contentType;
        appendRead(timeline, this.#clock.now(), Buffer.from(text));
        exchange.onBody?.(exchange);
      }),
    );
    if (sentMs !== null) timers.push(this.#clock.startTimer(sentMs, () => this.tellSent(exchange)));
    timers.push(
      this.#clock.startTimer(endMs, () => {
        timeline.status = status;
        this.#end(exchange, error);
      }),
    );
    this.#pending.set(exchange, () => {
      for (const cancelTimer of timers) cancelTimer();
    });
    this.maxInFlight = Math.max(this.maxInFlight, this.#pending.size);
  }

  stage(exchange: Exchange): StagedSend {
    if (this.refusesToStage) throw new Error('a header that cannot be sent');
    this.stagedCount += 1;
    return {
      fire: () => {
        this.stagedCount -= 1;
        this.send(exchange);
      },
      drop: () => {
        this.stagedCount -= 1;
        this.droppedCount += 1;
      },
    };
  }

  /** The request is completely written now. */
  tellSent(exchange: Exchange): void {
    exchange.timeline.sendEndNs = this.#clock.now();
    exchange.onSent?.(exchange);
  }

  cancel(exchange: Exchange, error?: RequestError): void {
    if (!this.#pending.has(exchange)) return;
    this.#pending.get(exchange)?.();
    this.#end(exchange, error ?? { code: 'cancelled', message: 'cancelled', type: 'RequestCancellationError' });
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

type PlainRecord = Omit<RequestRecord, 'timeline' | 'numbers' | 'copy'>;

/** A worker in virtual time with a transport and a dataset that the test makes up. */
export interface Rig {
  readonly clock: VirtualClock;
  readonly transport: FakeTransport;
  readonly worker: Worker;
  readonly records: (PlainRecord & { readonly body: string; readonly error: RequestError | undefined })[];
  readonly returns: CreditReturnBatch[];
  readonly failures: unknown[];
  outcomes(): string[];
}

/** Body of a turn in the store, unless the test has its own. */
export function storedBody(conversation: number, turn: number): string {
  return `conversation ${conversation}, turn ${turn}`;
}

export function createRig(ending?: (n: number) => Ending, bodyOf: typeof storedBody = storedBody): Rig {
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
    endpoint: endpointOf('chat'),
    urlCount: 2,
    benchmarkId: '0123456789ab',
    store: {
      turn: (conversation, turn) => {
        if (conversation === 9999) throw new Error('no such conversation');
        const body = Buffer.from(bodyOf(conversation, turn));
        return conversation === 1 ? { body, inputTokens: 11, maxOutputTokens: 24 } : { body, inputTokens: 10 };
      },
    },
    onRecord: (record) => {
      const { timeline } = record;
      const body = Buffer.from(timeline.body.subarray(0, timeline.bodyLength)).toString();
      records.push({ ...copied(record), body, error: timeline.error });
    },
    onFailure: (error) => failures.push(error),
  });
  worker.credits.onReturnsDue = () => returns.push(...worker.credits.takeReturns());
  const outcomes = (): string[] =>
    returns.flatMap((batch) => [...batch.outcomes].map((outcome) => CREDIT_OUTCOMES[outcome] ?? '?'));
  return { clock, transport, worker, records, returns, failures, outcomes };
}

function copied(record: PlainRecord): PlainRecord {
  const { creditId, phaseIndex, sessionNumber, conversationIndex, turnIndex, creditIssuedNs, dueNs } = record;
  const { turnaroundNs, cancelled, inputTokens, historyReplies, maxOutputTokens } = record;
  const ids = { creditId, phaseIndex, sessionNumber, conversationIndex, turnIndex, creditIssuedNs, dueNs };
  const replies = [...historyReplies];
  return { ...ids, turnaroundNs, cancelled, inputTokens, historyReplies: replies, maxOutputTokens };
}

export interface Limits {
  readonly prefillSlots?: number;
  readonly stopSendingAtNs?: number;
}

export function begin({ worker }: Rig, slots: number | null, phaseIndex = 0, limits: Limits = {}): void {
  const { prefillSlots = null, stopSendingAtNs = null } = limits;
  worker.beginPhase({ phaseIndex, kind: 'profiling', slots, prefillSlots, stopSendingAtNs });
}

/** Grants credits of single-turn sessions; a credit's number is also that of its session and of its conversation. */
export function grant(rig: Rig, ids: readonly number[], more: Partial<Credit> = {}): void {
  grantCredits(
    rig,
    ids.map((id) => ({ sessionNumber: id, conversationIndex: id, ...more, id })),
  );
}

/** Grants the turns `turnIndexes` of one session with `turnCount` turns; credit ids are ten times the session number and the turn. */
export function grantTurns(
  rig: Rig,
  sessionNumber: number,
  turnIndexes: readonly number[],
  turnCount: number,
  more: Partial<Credit> = {},
): void {
  grantCredits(
    rig,
    turnIndexes.map((turnIndex) => ({
      sessionNumber,
      conversationIndex: 0,
      turnIndex,
      turnCount,
      ...more,
      id: sessionNumber * 10 + turnIndex,
    })),
  );
}

function grantCredits({ worker }: Rig, credits: readonly Partial<Credit>[]): void {
  const { phaseIndex = 0, issuedNs = 5 } = credits[0] ?? {};
  worker.credits.grant({
    phaseIndex,
    issuedNs,
    ids: Float64Array.from(credits, ({ id = 0 }) => id),
    sessionNumbers: Float64Array.from(credits, ({ sessionNumber = 0 }) => sessionNumber),
    conversationIndexes: Uint32Array.from(credits, ({ conversationIndex = 0 }) => conversationIndex),
    turnIndexes: Uint32Array.from(credits, ({ turnIndex = 0 }) => turnIndex),
    turnCounts: Uint32Array.from(credits, ({ turnCount = 1 }) => turnCount),
    dueNs: Float64Array.from(credits, ({ dueNs = Number.NaN }) => dueNs),
    delaysNs: Float64Array.from(credits, ({ delayNs = 0 }) => delayNs),
    cancelAfterNs: Float64Array.from(credits, ({ cancelAfterNs = Number.NaN }) => cancelAfterNs),
  });
}
