/** What a source needs to know of the dataset. The dataset store has it. */
export interface ConversationTimes {
  readonly conversationCount: number;
  turnCount(conversationIndex: number): number;
  turnTiming(conversationIndex: number, turnIndex: number): { readonly delayNs: number; readonly timestampNs: number };
}

/** The new sessions of a phase, one after the other. Times are run nanoseconds. Asked in session order only, so it may draw as it goes. */
export interface SessionSource {
  /** Due time of the first turn of the next session, NaN: as soon as a slot is free; `undefined`: there is none. */
  peekDueNs(): number | undefined;
  /** Moves to the next session; what follows is about that one. */
  advance(): void;
  readonly conversationIndex: number;
  /** Turns to be sent, if the phase has as many left. */
  readonly turnCount: number;
  /** NaN: without a time of its own. */
  turnDueNs(turnIndex: number): number;
  /** Least time between the end of the turn before and this one, of any conversation. */
  delayNs(conversationIndex: number, turnIndex: number): number;
  /**
   * There where a later turn is granted alone, when its predecessor has come back: the first due time that nobody has and that is not
   * before `readyNs`. Without new sessions nobody else will want earlier ones.
   */
  readonly takeLaterDueNs?: (readyNs: number, hasNewSessions: boolean) => number;
  /** Sessions have more than one turn, or may have. */
  readonly hasLaterTurns: boolean;
  /** Requests that were due before this and have not been taken, of so many requests and sessions at most. Uses the source up. */
  countDueBefore(timeNs: number, requestLimit: number, sessionLimit: number): number;
}

/** Delay of a turn in the dataset; 0 for a first turn, and where none is recorded. */
export function delayNsOf(times: ConversationTimes, conversationIndex: number, turnIndex: number): number {
  if (turnIndex === 0) return 0;
  const { delayNs } = times.turnTiming(conversationIndex, turnIndex);
  return Number.isNaN(delayNs) ? 0 : delayNs;
}

/** Whether any conversation has more than one turn. */
export function hasLaterTurns(times: ConversationTimes): boolean {
  for (let index = 0; index < times.conversationCount; index += 1) if (times.turnCount(index) > 1) return true;
  return false;
}

/** Turns of a conversation on average. */
export function meanTurnCount(times: ConversationTimes): number {
  let turnCount = 0;
  for (let index = 0; index < times.conversationCount; index += 1) turnCount += times.turnCount(index);
  return turnCount / times.conversationCount;
}
