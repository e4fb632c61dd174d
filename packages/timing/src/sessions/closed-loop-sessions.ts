import { delayNsOf, hasLaterTurns } from './session-source.ts';
import type { ConversationTimes, SessionSource } from './session-source.ts';

/** Sessions without due times: each begins when a slot is free. */
export class ClosedLoopSessions implements SessionSource {
  readonly hasLaterTurns: boolean;
  readonly #times: ConversationTimes;
  readonly #nextConversationIndex: () => number;
  conversationIndex: number = 0;
  turnCount: number = 1;

  constructor(times: ConversationTimes, nextConversationIndex: () => number) {
    this.#times = times;
    this.#nextConversationIndex = nextConversationIndex;
    this.hasLaterTurns = hasLaterTurns(times);
  }

  peekDueNs(): number {
    return Number.NaN;
  }

  advance(): void {
    this.conversationIndex = this.#nextConversationIndex();
    this.turnCount = this.hasLaterTurns ? this.#times.turnCount(this.conversationIndex) : 1;
  }

  turnDueNs(): number {
    return Number.NaN;
  }

  delayNs(conversationIndex: number, turnIndex: number): number {
    return delayNsOf(this.#times, conversationIndex, turnIndex);
  }

  countDueBefore(): number {
    return 0;
  }
}
