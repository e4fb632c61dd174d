import type { SessionHistory } from '@aiperf/endpoints';

/** What a session of several turns has to remember from one turn to the next. */
export interface Session {
  readonly history: SessionHistory;
  /** Tokens of the user's texts so far, from the dataset store. */
  readonly inputTokens: number;
  /** The server's texts so far. */
  readonly replies: readonly string[];
}

/**
 * Sessions between two of their turns. While a turn is in flight its request holds the session, so what is kept here is no more than the
 * sessions that wait, and nothing is left of one that has ended.
 */
export class WaitingSessions {
  readonly #phases = new Map<number, Map<number, Session>>();

  get count(): number {
    let count = 0;
    for (const sessions of this.#phases.values()) count += sessions.size;
    return count;
  }

  put(phaseIndex: number, sessionNumber: number, session: Session): void {
    let sessions = this.#phases.get(phaseIndex);
    if (sessions === undefined) {
      sessions = new Map();
      this.#phases.set(phaseIndex, sessions);
    }
    sessions.set(sessionNumber, session);
  }

  /** Hands the session over to its next turn. */
  take(phaseIndex: number, sessionNumber: number): Session | undefined {
    const sessions = this.#phases.get(phaseIndex);
    const session = sessions?.get(sessionNumber);
    sessions?.delete(sessionNumber);
    return session;
  }

  /** No session of the phase has another turn. */
  drop(phaseIndex: number): void {
    this.#phases.delete(phaseIndex);
  }
}
