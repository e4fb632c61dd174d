import type { RecordedConversation, RecordedTurn } from './input-format.ts';

/** Joins records of one session, in file order, at the place where the session first appears. */
export class SessionGroups {
  readonly #conversations: { readonly id?: string; readonly turns: RecordedTurn[] }[] = [];
  readonly #byId = new Map<string, RecordedTurn[]>();

  /** An id that is absent or empty makes a session of its own. */
  add(id: string | undefined, turn: RecordedTurn): void {
    if (id === undefined || id === '') {
      this.#conversations.push({ turns: [turn] });
      return;
    }
    const turns = this.#byId.get(id);
    if (turns !== undefined) {
      turns.push(turn);
      return;
    }
    const first = [turn];
    this.#byId.set(id, first);
    this.#conversations.push({ id, turns: first });
  }

  conversations(): readonly RecordedConversation[] {
    return this.#conversations;
  }
}
