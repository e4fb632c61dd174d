import type { FixedSchedulePlan } from '../fixed-schedule.ts';
import { delayNsOf, hasLaterTurns } from './session-source.ts';
import type { ConversationTimes, SessionSource } from './session-source.ts';

/** A recording played again: every turn at its recorded time, where it has one. Ends with the recording. */
export class ScheduleSessions implements SessionSource {
  readonly hasLaterTurns: boolean;
  readonly #times: ConversationTimes;
  readonly #schedule: FixedSchedulePlan;
  readonly #startNs: number;
  /** Recorded times after this are not played. */
  readonly #endNs: number;
  #position = -1;
  conversationIndex: number = 0;
  turnCount: number = 1;

  constructor(times: ConversationTimes, schedule: FixedSchedulePlan, startNs: number, endOffsetMs?: number) {
    this.#times = times;
    this.#schedule = schedule;
    this.#startNs = startNs;
    this.#endNs = endOffsetMs === undefined ? Number.POSITIVE_INFINITY : endOffsetMs * 1e6;
    this.hasLaterTurns = hasLaterTurns(times);
  }

  peekDueNs(): number | undefined {
    const entry = this.#schedule.entries[this.#position + 1];
    return entry === undefined ? undefined : this.#startNs + entry.atNs;
  }

  advance(): void {
    this.#position += 1;
    this.conversationIndex = this.#schedule.entries[this.#position]?.conversationIndex ?? 0;
    const wholeCount = this.#times.turnCount(this.conversationIndex);
    this.turnCount = 1;
    while (this.turnCount < wholeCount && !(this.#recordedNs(this.turnCount) > this.#endNs)) this.turnCount += 1;
  }

  turnDueNs(turnIndex: number): number {
    if (turnIndex === 0) return this.#startNs + (this.#schedule.entries[this.#position]?.atNs ?? 0);
    return this.#startNs + Math.round(this.#recordedNs(turnIndex) - this.#schedule.zeroNs);
  }

  delayNs(conversationIndex: number, turnIndex: number): number {
    return delayNsOf(this.#times, conversationIndex, turnIndex);
  }

  countDueBefore(timeNs: number, requestLimit: number, sessionLimit: number): number {
    let count = 0;
    for (let session = 0; session < sessionLimit && count < requestLimit; session += 1) {
      if (!((this.peekDueNs() ?? Number.NaN) < timeNs)) break;
      this.advance();
      for (let turn = 0; turn < this.turnCount && count < requestLimit; turn += 1) {
        if (this.turnDueNs(turn) < timeNs) count += 1;
      }
    }
    return count;
  }

  #recordedNs(turnIndex: number): number {
    return this.#times.turnTiming(this.conversationIndex, turnIndex).timestampNs;
  }
}
