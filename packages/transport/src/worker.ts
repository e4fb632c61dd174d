import type { DatasetStore } from '@aiperf/dataset';
import {
  nodeTimers,
  WorkerCredits,
  type Clock,
  type Credit,
  type CreditOutcome,
  type Pacer,
  type Timers,
} from '@aiperf/timing';
import { createRequestIds, type RequestIds } from './request-ids.ts';
import type { RequestRecord } from './request-record.ts';
import { createTimeline, resetTimeline } from './timeline.ts';
import type { Exchange, PreparedRequest, Timeline, Transport } from './transport.ts';

/** Headers whose values a worker gives with each request, in the order of `PreparedRequest.variableHeaders`. */
export const VARIABLE_HEADER_NAMES: readonly string[] = ['X-Request-ID', 'X-Correlation-ID', 'X-Session-Affinity'];

/** What a worker works with. */
export interface WorkerOptions {
  readonly clock: Clock;
  /** Absent: this process's event loop. */
  readonly timers?: Timers;
  readonly pacer?: Pacer;
  readonly store: Pick<DatasetStore, 'turn'>;
  readonly transport: Transport;
  /** Base URLs of the transport; sessions are spread over them. */
  readonly urlCount: number;
  readonly benchmarkId: string;
  /** Takes a finished request. The record is used again as soon as this returns. */
  onRecord(record: RequestRecord): void;
  /** Something that no request can go on after, such as an unreadable dataset. */
  onFailure(error: unknown): void;
}

/** Finished requests handled in one turn of the event loop: the reads of the others come first, the rest of the pile next time. */
const MIN_RECORDS_PER_TURN = 32;

/** One request from its credit to its record; used again and again, so that a running load allocates next to nothing. */
class PooledExchange implements Exchange, RequestRecord {
  creditId = 0;
  phaseIndex = 0;
  sessionNumber = 0;
  conversationIndex = 0;
  turnIndex = 0;
  creditIssuedNs = Number.NaN;
  dueNs = Number.NaN;
  turnaroundNs = Number.NaN;
  cancelled = false;
  inputTokens = 0;
  maxOutputTokens = Number.NaN;
  readonly timeline: Timeline = createTimeline();
  readonly request: { urlIndex: number; variableHeaders: string[]; body: Uint8Array } & PreparedRequest;
  readonly onEnd: (exchange: Exchange) => void;

  constructor(onEnd: (exchange: PooledExchange) => void) {
    this.request = { urlIndex: 0, variableHeaders: [], body: new Uint8Array(0) };
    this.onEnd = () => onEnd(this);
  }
}

/**
 * Turns credits into requests and requests into records. It knows neither bus nor sockets: credits come in through {@link credits},
 * records go out through `onRecord`.
 *
 * A request's end frees its slot at once; its record is handled one turn of the event loop later, after the next requests were sent.
 */
export class Worker {
  readonly credits: WorkerCredits;
  completedCount = 0;
  failedCount = 0;
  readonly #options: WorkerOptions;
  readonly #ids: RequestIds;
  readonly #timers: Timers;
  readonly #inFlight = new Set<PooledExchange>();
  readonly #idle: PooledExchange[] = [];
  readonly #ended: PooledExchange[] = [];
  #isRecordTurnRequested = false;
  #isTellingEnd = false;
  #onIdle: (() => void)[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#ids = createRequestIds(options.benchmarkId);
    const timers = options.timers ?? nodeTimers;
    this.#timers = timers;
    // A virtual event loop has no ticks.
    const hasTicks = options.timers === undefined;
    this.credits = new WorkerCredits({
      clock: options.clock,
      timers: {
        startTimer: (delayMs, callback) => timers.startTimer(delayMs, callback),
        // Transports tell ends after the reads of a turn, so waiting for another turn would only add to the slot's turnaround. The tick
        // comes after all ends of the turn were told: the free slots are still refilled together.
        runSoon: (callback) => {
          if (this.#isTellingEnd && hasTicks) process.nextTick(callback);
          else timers.runSoon(callback);
        },
      },
      ...(options.pacer === undefined ? {} : { pacer: options.pacer }),
      send: (credit, turnaroundNs) => this.#send(credit, turnaroundNs),
    });
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Cancels what is in flight, of one phase or of all; the requests end as usual, with error `cancelled`. */
  cancelInFlight(phaseIndex?: number): void {
    // Requests that end inside `cancel` leave the set, which a loop over a set allows.
    for (const exchange of this.#inFlight) {
      if (phaseIndex === undefined || exchange.phaseIndex === phaseIndex) this.#options.transport.cancel(exchange);
    }
  }

  /** Resolves when nothing is in flight. */
  whenIdle(): Promise<void> {
    if (this.#inFlight.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle.push(resolve);
    return promise;
  }

  /** Hands over the records of all requests that have ended. */
  flushRecords(): void {
    this.#handOver(this.#ended.length);
  }

  /** Stops every timer. Call it after {@link whenIdle}. */
  close(): void {
    this.credits.close();
  }

  #send(credit: Credit, turnaroundNs: number): void {
    const { store, transport, urlCount } = this.#options;
    const exchange = this.#idle.pop() ?? new PooledExchange((ended) => this.#end(ended));
    const { request, timeline } = exchange;
    resetTimeline(timeline);
    exchange.creditId = credit.id;
    exchange.phaseIndex = credit.phaseIndex;
    exchange.sessionNumber = credit.sessionNumber;
    exchange.conversationIndex = credit.conversationIndex;
    exchange.turnIndex = credit.turnIndex;
    exchange.creditIssuedNs = credit.issuedNs;
    exchange.dueNs = credit.dueNs;
    exchange.turnaroundNs = turnaroundNs;
    exchange.cancelled = false;
    request.urlIndex = credit.sessionNumber % urlCount;
    request.variableHeaders[0] = this.#ids.requestId(credit.phaseIndex, credit.id);
    const correlationId = this.#ids.correlationId(credit.phaseIndex, credit.sessionNumber);
    request.variableHeaders[1] = correlationId;
    // Routers keep a session on one server by it.
    request.variableHeaders[2] = correlationId;
    try {
      const turn = store.turn(credit.conversationIndex, credit.turnIndex);
      request.body = turn.body;
      exchange.inputTokens = turn.inputTokens;
      exchange.maxOutputTokens = turn.maxOutputTokens ?? Number.NaN;
    } catch (error) {
      // The credit stays out: the worker's failure ends the run, and the credit counts as lost with it.
      this.#options.onFailure(error);
      return;
    }
    this.#inFlight.add(exchange);
    transport.send(exchange);
  }

  #end(exchange: PooledExchange): void {
    const { timeline } = exchange;
    const outcome = outcomeOf(timeline);
    exchange.cancelled = outcome === 'cancelled';
    if (outcome === 'completed') this.completedCount++;
    else if (outcome === 'failed') this.failedCount++;
    // A lease is granted long before its slots are free; counted from the lease, the wait for the slot would look like the server's delay.
    if (!Number.isNaN(exchange.turnaroundNs)) exchange.creditIssuedNs = timeline.queuedNs - exchange.turnaroundNs;
    // The credit knows when the request was given to the transport; the slot is idle until its bytes are. What a connection that
    // the server had closed cost is kept apart.
    exchange.turnaroundNs += timeline.startNs - timeline.queuedNs - timeline.resendNs;
    this.#inFlight.delete(exchange);
    this.#ended.push(exchange);
    this.#isTellingEnd = true;
    this.credits.requestEnded(exchange.creditId, outcome, exchange.phaseIndex, timeline.endNs);
    this.#isTellingEnd = false;
    this.#requestRecordTurn();
    if (this.#inFlight.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #requestRecordTurn(): void {
    if (this.#isRecordTurnRequested) return;
    this.#isRecordTurnRequested = true;
    this.#timers.runSoon(() => {
      this.#isRecordTurnRequested = false;
      // A quarter of a longer pile, so that it cannot grow without bound.
      this.#handOver(Math.max(MIN_RECORDS_PER_TURN, this.#ended.length >> 2));
      if (this.#ended.length > 0) this.#requestRecordTurn();
    });
  }

  #handOver(count: number): void {
    for (const exchange of this.#ended.splice(0, count)) {
      this.#options.onRecord(exchange);
      this.#idle.push(exchange);
    }
  }
}

/** What the credit comes back as. Errors in the content are found later, from the record, and do not matter for the load. */
function outcomeOf(timeline: Timeline): CreditOutcome {
  if (timeline.error?.code === 'cancelled') return 'cancelled';
  return timeline.error !== undefined || timeline.status >= 400 ? 'failed' : 'completed';
}
