import type { DatasetStore, EncodedTurn } from '@aiperf/dataset';
import {
  createPacer,
  nodeTimers,
  startTimerAt,
  WorkerCredits,
  type CancelTimer,
  type Credit,
  type CreditOutcome,
  type Pacer,
  type PhaseStart,
  type StagedRequest,
  type Timers,
} from '@aiperf/timing';
import { type Clock } from '@aiperf/records/clock';
import { answerText, type Endpoint, type ResponseParser } from '@aiperf/endpoints';
import { FirstContentFinder } from './first-content.ts';
import { PooledExchange } from './pooled-exchange.ts';
import { NO_REPLIES, scheduledCancellation, createRequestIds, type RequestIds, resetTimeline } from '@aiperf/records';
import type { RequestRecord, Timeline } from '@aiperf/records';
import type { StagedSend, Transport } from '@aiperf/transport';
import { WaitingSessions } from './waiting-sessions.ts';

/** Headers whose values a worker gives with each request, in the order of `OutgoingRequest.variableHeaders`. */
export const VARIABLE_HEADER_NAMES: readonly string[] = ['X-Request-ID', 'X-Correlation-ID', 'X-Session-Affinity'];

/** What a worker works with. */
export interface WorkerOptions {
  readonly clock: Clock;
  /** Absent: this process's event loop. */
  readonly timers?: Timers;
  readonly pacer?: Pacer;
  readonly store: Pick<DatasetStore, 'turn'>;
  readonly transport: Transport;
  /** How the bodies and responses of the run are to be read. */
  readonly endpoint: Pick<Endpoint, 'createParser' | 'createHistory' | 'isStream' | 'isContentEvent'>;
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

/** Reading a reply takes as long as handling this many records. */
const RECORDS_PER_REPLY = 8;
const NO_BODY: Uint8Array = new Uint8Array(0);

/**
 * Turns credits into requests and requests into records. It knows neither bus nor sockets: credits come in through {@link credits},
 * records go out through `onRecord`.
 *
 * A request's end frees its slot at once; its record is handled one turn of the event loop later, after the next requests were sent. A turn
 * that another one follows ends only then: its reply has to be read, since it belongs into the next request, and since a session whose
 * reply is no good goes no further.
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
  readonly #waitingSessions = new WaitingSessions();
  /** Phases that send nothing any more. */
  readonly #endedPhases = new Set<number>();
  /** By phase: takes back the timer of its `stopSendingAtNs`. */
  readonly #stopTimers = new Map<number, CancelTimer>();
  /** Phases in which the first token of a request frees a slot. */
  readonly #prefillPhases = new Set<number>();
  readonly #firstContent: FirstContentFinder;
  /** Requests whose response has grown since their first content was last looked for. */
  #grown: PooledExchange[] = [];
  #parser: ResponseParser | undefined;
  #isRecordTurnRequested = false;
  #isAfterReads = false;
  #onIdle: (() => void)[] = [];

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#ids = createRequestIds(options.benchmarkId);
    this.#firstContent = new FirstContentFinder(options.endpoint);
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
          if (this.#isAfterReads && hasTicks) process.nextTick(callback);
          else timers.runSoon(callback);
        },
      },
      pacer: options.pacer ?? createPacer({ clock: options.clock, timers }),
      send: (credit, turnaroundNs) => this.#send(credit, turnaroundNs),
      ...(options.transport.stage === undefined ? {} : { stage: (credit) => this.#stage(credit) }),
    });
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  /** Sessions in flight, between two turns or in one. */
  get sessionCount(): number {
    return this.#inFlight.size + this.#waitingSessions.count;
  }

  /** A phase begins, or the limits of a running phase change. */
  beginPhase(start: PhaseStart): void {
    const { phaseIndex, prefillSlots, stopSendingAtNs } = start;
    if (prefillSlots === null) this.#prefillPhases.delete(phaseIndex);
    else this.#prefillPhases.add(phaseIndex);
    this.#stopTimers.get(phaseIndex)?.();
    this.#stopTimers.delete(phaseIndex);
    if (stopSendingAtNs !== null) {
      const { clock } = this.#options;
      const stopTimer = startTimerAt(clock, this.#timers, stopSendingAtNs, () => this.#endSessions(phaseIndex));
      this.#stopTimers.set(phaseIndex, stopTimer);
    }
    this.credits.beginPhase(start);
  }

  /** Ends sending of a phase for good; requests in flight go on. */
  stopSending(phaseIndex: number): void {
    this.credits.stopSending(phaseIndex);
    this.#endSessions(phaseIndex);
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
    this.#handOver(Number.POSITIVE_INFINITY);
  }

  /** Stops every timer. Call it after {@link whenIdle}. */
  close(): void {
    this.credits.close();
    for (const stopTimer of this.#stopTimers.values()) stopTimer();
    this.#stopTimers.clear();
  }

  #send(credit: Credit, turnaroundNs: number): void {
    const exchange = this.#idle.pop() ?? this.#createExchange();
    try {
      this.#fill(exchange, credit, turnaroundNs);
    } catch (error) {
      // The credit stays out: the worker's failure ends the run, and the credit counts as lost with it.
      this.#options.onFailure(error);
      return;
    }
    this.#inFlight.add(exchange);
    this.#options.transport.send(exchange);
  }

  /** Stages the request of a first turn: all but its write is done. */
  #stage(credit: Credit): StagedRequest | undefined {
    const exchange = this.#idle.pop() ?? this.#createExchange();
    let staged: StagedSend | undefined;
    try {
      this.#fill(exchange, credit, Number.NaN);
      staged = this.#options.transport.stage?.(exchange);
    } catch {
      // It will be met again, and told, when the request is due.
    }
    if (staged === undefined) {
      this.#takeBack(exchange);
      return undefined;
    }
    const send = staged;
    return {
      fire: (turnaroundNs) => {
        exchange.turnaroundNs = turnaroundNs;
        send.fire();
        this.#inFlight.add(exchange);
      },
      drop: () => {
        send.drop();
        this.#takeBack(exchange);
      },
    };
  }

  #takeBack(exchange: PooledExchange): void {
    exchange.onBody = undefined;
    this.#idle.push(exchange);
  }

  #fill(exchange: PooledExchange, credit: Credit, turnaroundNs: number): void {
    const { store, urlCount } = this.#options;
    const { request, timeline } = exchange;
    resetTimeline(timeline);
    exchange.creditId = credit.id;
    exchange.phaseIndex = credit.phaseIndex;
    exchange.sessionNumber = credit.sessionNumber;
    exchange.conversationIndex = credit.conversationIndex;
    exchange.turnIndex = credit.turnIndex;
    exchange.isFinalTurn = credit.turnIndex + 1 >= credit.turnCount;
    exchange.creditIssuedNs = credit.issuedNs;
    exchange.dueNs = credit.dueNs;
    exchange.turnaroundNs = turnaroundNs;
    exchange.cancelled = false;
    exchange.cancelAfterNs = credit.cancelAfterNs;
    exchange.onSent = Number.isNaN(credit.cancelAfterNs) ? undefined : exchange.startsCancelTimer;
    if (this.#prefillPhases.has(credit.phaseIndex)) exchange.beginSeekingFirstContent();
    request.urlIndex = credit.sessionNumber % urlCount;
    request.variableHeaders[0] = this.#ids.requestId(credit.phaseIndex, credit.id);
    const correlationId = this.#ids.correlationId(credit.phaseIndex, credit.sessionNumber);
    request.variableHeaders[1] = correlationId;
    // Routers keep a session on one server by it.
    request.variableHeaders[2] = correlationId;
    const turn = store.turn(credit.conversationIndex, credit.turnIndex);
    request.body = turn.body;
    exchange.inputTokens = turn.inputTokens;
    exchange.maxOutputTokens = turn.maxOutputTokens ?? Number.NaN;
    if (credit.turnIndex > 0) this.#continueSession(exchange, turn);
  }

  #createExchange(): PooledExchange {
    return new PooledExchange({
      onEnd: (exchange) => this.#end(exchange),
      onSent: (exchange) => this.#startCancelTimer(exchange),
      onBody: (exchange) => this.#seekFirstContent(exchange),
    });
  }

  /** Puts what was said before into the request of a later turn. */
  #continueSession(exchange: PooledExchange, turn: EncodedTurn): void {
    const { phaseIndex, sessionNumber, turnIndex } = exchange;
    const session = this.#waitingSessions.take(phaseIndex, sessionNumber);
    if (session === undefined) {
      throw new Error(
        `turn ${turnIndex} of session ${sessionNumber} (phase ${phaseIndex}) came to a worker that does not have the turns before it`,
      );
    }
    exchange.session = session;
    // A recorded history takes the place of the replies of this run.
    if (turn.isWholeHistory === true) return;
    exchange.request.body = session.history.compose(turn.body);
    exchange.inputTokens += session.inputTokens;
    exchange.historyReplies = session.replies;
  }

  #end(exchange: PooledExchange): void {
    const { timeline } = exchange;
    exchange.stopCancelTimer?.();
    exchange.stopCancelTimer = undefined;
    exchange.onBody = undefined;
    const outcome = outcomeOf(timeline);
    // A lease is granted long before its slots are free; counted from the lease, the wait for the slot would look like the server's delay.
    if (!Number.isNaN(exchange.turnaroundNs)) exchange.creditIssuedNs = timeline.queuedNs - exchange.turnaroundNs;
    // The credit knows when the request was given to the transport; the slot is idle until its bytes are. What a connection that
    // the server had closed cost is kept apart.
    exchange.turnaroundNs += timeline.startNs - timeline.queuedNs - timeline.resendNs;
    this.#inFlight.delete(exchange);
    this.#ended.push(exchange);
    exchange.hasUnreadReply = outcome === 'completed' && !exchange.isFinalTurn;
    if (!exchange.hasUnreadReply) this.#tellEnd(exchange, outcome);
    this.#requestRecordTurn();
    if (this.#inFlight.size > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #tellEnd(exchange: PooledExchange, outcome: CreditOutcome): void {
    exchange.cancelled = outcome === 'cancelled';
    if (outcome === 'completed') this.completedCount++;
    else if (outcome === 'failed') this.failedCount++;
    this.#isAfterReads = true;
    this.credits.requestEnded(exchange.creditId, outcome, exchange.phaseIndex, exchange.timeline.endNs);
    this.#isAfterReads = false;
  }

  /** Reads the reply of a turn that another one follows, and ends the turn. */
  #readReply(exchange: PooledExchange): void {
    const { endpoint, store } = this.#options;
    const { phaseIndex, sessionNumber, session, inputTokens } = exchange;
    exchange.hasUnreadReply = false;
    this.#parser ??= endpoint.createParser();
    const reply = this.#parser.parseResponse(exchange);
    if (reply.error === undefined && !this.#endedPhases.has(phaseIndex)) {
      const history = session?.history ?? endpoint.createHistory();
      const text = answerText(reply.answer);
      try {
        const { body, isWholeHistory } = store.turn(exchange.conversationIndex, exchange.turnIndex);
        if (isWholeHistory !== true) history.add(body, { text });
      } catch (error) {
        // As with a request that cannot be made: the credit stays out.
        this.#options.onFailure(error);
        return;
      }
      const replies = [...exchange.historyReplies, text];
      this.#waitingSessions.put(phaseIndex, sessionNumber, { history, inputTokens, replies });
    }
    this.#tellEnd(exchange, reply.error === undefined ? 'completed' : 'failed');
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

  /** Handles the oldest ended requests, as many as cost no more than `budget` records. */
  #handOver(budget: number): void {
    let count = 0;
    for (let left = budget; left > 0 && count < this.#ended.length; count++) {
      left -= this.#ended[count]?.hasUnreadReply === true ? RECORDS_PER_REPLY : 1;
    }
    for (const exchange of this.#ended.splice(0, count)) {
      if (exchange.hasUnreadReply) this.#readReply(exchange);
      this.#options.onRecord(exchange);
      if (exchange.session !== undefined) {
        exchange.session = undefined;
        exchange.historyReplies = NO_REPLIES;
        exchange.request.body = NO_BODY;
      }
      this.#idle.push(exchange);
    }
  }

  /** No session of the phase has another turn: what they would have remembered is given up. */
  #endSessions(phaseIndex: number): void {
    this.#endedPhases.add(phaseIndex);
    this.#waitingSessions.drop(phaseIndex);
  }

  #startCancelTimer(exchange: PooledExchange): void {
    const { clock, transport } = this.#options;
    const { creditId, phaseIndex, cancelAfterNs, timeline } = exchange;
    exchange.stopCancelTimer?.();
    exchange.stopCancelTimer = undefined;
    const cancel = (): void => {
      const isSame = exchange.creditId === creditId && exchange.phaseIndex === phaseIndex;
      // Being sent once more: the time counts from the end of that.
      if (!isSame || !this.#inFlight.has(exchange) || Number.isNaN(timeline.sendEndNs)) return;
      transport.cancel(exchange, scheduledCancellation(cancelAfterNs));
    };
    const cancelNs = timeline.sendEndNs + cancelAfterNs;
    // A timer waits a millisecond at least.
    if (cancelNs <= clock.now()) this.#timers.runSoon(cancel);
    else exchange.stopCancelTimer = startTimerAt(clock, this.#timers, cancelNs, cancel);
  }

  /** The bytes are looked at after the reads of this turn of the event loop, whose stamps would be late otherwise. */
  #seekFirstContent(exchange: PooledExchange): void {
    if (exchange.hasGrown) return;
    exchange.hasGrown = true;
    this.#grown.push(exchange);
    if (this.#grown.length > 1) return;
    this.#timers.runSoon(() => {
      const grown = this.#grown;
      this.#grown = [];
      for (const each of grown) this.#lookForFirstContent(each);
    });
  }

  #lookForFirstContent(exchange: PooledExchange): void {
    exchange.hasGrown = false;
    // Ended meanwhile, which frees the slot as well; or already in use for the next request, of which nothing has come.
    if (exchange.onBody === undefined || exchange.timeline.readCount === 0) return;
    const found = this.#firstContent.look(exchange.timeline, exchange.firstContentSearch);
    if (found === 'not_yet') return;
    exchange.onBody = undefined;
    if (found === 'never') return;
    this.#isAfterReads = true;
    this.credits.firstTokenArrived(exchange.creditId, exchange.phaseIndex);
    this.#isAfterReads = false;
  }
}

/** What the credit comes back as. Errors in the content are found later, from the record, and do not matter for the load. */
function outcomeOf(timeline: Timeline): CreditOutcome {
  if (timeline.error?.code === 'cancelled') return 'cancelled';
  return timeline.error !== undefined || timeline.status >= 400 ? 'failed' : 'completed';
}
