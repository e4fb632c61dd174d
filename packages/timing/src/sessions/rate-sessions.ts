import { ArrivalQueue } from './arrival-queue.ts';
import { delayNsOf, hasLaterTurns } from './session-source.ts';
import type { ConversationTimes, SessionSource } from './session-source.ts';

/** Turns are asked for in the order of their times, give or take less than this. */
const KEPT_NS = 1e9;

/** Sessions of an arrival process that counts requests: later turns take arrivals of the same process. */
export class RateSessions implements SessionSource {
  readonly hasLaterTurns: boolean;
  readonly takeLaterDueNs: (readyNs: number, hasNewSessions: boolean) => number;
  readonly #times: ConversationTimes;
  readonly #nextConversationIndex: () => number;
  readonly #arrivals: ArrivalQueue;
  #dueNs = Number.NaN;
  conversationIndex: number = 0;
  turnCount: number = 1;

  /** `arrivals` are nanoseconds since `startNs`. */
  constructor(
    times: ConversationTimes,
    nextConversationIndex: () => number,
    arrivals: Iterator<number, never>,
    startNs: number,
  ) {
    this.#times = times;
    this.#nextConversationIndex = nextConversationIndex;
    this.#arrivals = new ArrivalQueue(() => startNs + arrivals.next().value);
    this.takeLaterDueNs = (readyNs, hasNewSessions) => {
      if (!hasNewSessions) this.#arrivals.dropBefore(readyNs - KEPT_NS);
      return this.#arrivals.takeFrom(readyNs);
    };
    this.hasLaterTurns = hasLaterTurns(times);
  }

  peekDueNs(): number {
    return this.#arrivals.peek();
  }

  advance(): void {
    this.#dueNs = this.#arrivals.shift();
    this.conversationIndex = this.#nextConversationIndex();
    this.turnCount = this.hasLaterTurns ? this.#times.turnCount(this.conversationIndex) : 1;
  }

  turnDueNs(turnIndex: number): number {
    return turnIndex === 0 ? this.#dueNs : Number.NaN;
  }

  delayNs(conversationIndex: number, turnIndex: number): number {
    return delayNsOf(this.#times, conversationIndex, turnIndex);
  }

  countDueBefore(timeNs: number, requestLimit: number, sessionLimit: number): number {
    // Arrivals are requests; without conversations drawn for them, each counts as a session of one.
    const limit = this.hasLaterTurns ? requestLimit : Math.min(requestLimit, sessionLimit);
    let count = 0;
    while (count < limit && this.#arrivals.peek() < timeNs) {
      this.#arrivals.shift();
      count += 1;
    }
    return count;
  }
}
