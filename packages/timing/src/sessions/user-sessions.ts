import { userCentricSessions } from '../user-centric-schedule.ts';
import type { UserSession } from '../user-centric-schedule.ts';
import { hasLaterTurns, meanTurnCount } from './session-source.ts';
import type { ConversationTimes, SessionSource } from './session-source.ts';

/** Users with a turn at even intervals; the interval takes the place of the dataset's delays. */
export class UserSessions implements SessionSource {
  readonly hasLaterTurns: boolean;
  readonly #startNs: number;
  readonly #sessions: Iterator<UserSession, never>;
  /** Conversation that the latest draw from `#sessions` asked for. */
  #drawnConversationIndex = 0;
  #upcoming: UserSession | undefined;
  #current: UserSession = { userIndex: 0, turnDuesNs: [] };
  conversationIndex: number = 0;

  constructor(
    times: ConversationTimes,
    nextConversationIndex: () => number,
    users: { readonly userCount: number; readonly requestRatePerSec: number; readonly requestCount?: number },
    startNs: number,
  ) {
    this.#startNs = startNs;
    this.hasLaterTurns = hasLaterTurns(times);
    this.#sessions = userCentricSessions({
      ...users,
      meanTurnCount: meanTurnCount(times),
      nextTurnCount: () => {
        this.#drawnConversationIndex = nextConversationIndex();
        return times.turnCount(this.#drawnConversationIndex);
      },
    });
  }

  get turnCount(): number {
    return this.#current.turnDuesNs.length;
  }

  peekDueNs(): number {
    return this.#startNs + (this.#peek().turnDuesNs[0] ?? 0);
  }

  advance(): void {
    this.#current = this.#peek();
    this.conversationIndex = this.#drawnConversationIndex;
    this.#upcoming = undefined;
  }

  turnDueNs(turnIndex: number): number {
    return this.#startNs + (this.#current.turnDuesNs[turnIndex] ?? Number.NaN);
  }

  delayNs(): number {
    return 0;
  }

  countDueBefore(timeNs: number, requestLimit: number, sessionLimit: number): number {
    let count = 0;
    for (let session = 0; session < sessionLimit && count < requestLimit && this.peekDueNs() < timeNs; session += 1) {
      this.advance();
      for (let turn = 0; turn < this.turnCount && count < requestLimit; turn += 1) {
        if (this.turnDueNs(turn) < timeNs) count += 1;
      }
    }
    return count;
  }

  #peek(): UserSession {
    this.#upcoming ??= this.#sessions.next().value;
    return this.#upcoming;
  }
}
