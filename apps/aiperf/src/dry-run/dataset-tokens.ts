import type { DatasetStore } from '@aiperf/dataset';

/** Tokens of one request. */
export interface TurnTokens {
  /** Of the whole prompt, the history included. */
  readonly input: number;
  readonly output: number;
}

/** Answers of a server that is not told how long they are to be. */
export const ASSUMED_OUTPUT_TOKENS = 128;

/** Token counts of the dataset's turns, read once a conversation. */
export class DatasetTokens {
  readonly #store: DatasetStore;
  readonly #conversations: (readonly TurnTokens[] | undefined)[] = [];
  /** Whether a request was looked at that does not say how long its answer is to be. */
  hasAssumedLengths = false;

  constructor(store: DatasetStore) {
    this.#store = store;
  }

  of(conversationIndex: number, turnIndex: number): TurnTokens {
    this.#conversations[conversationIndex] ??= this.#read(conversationIndex);
    return this.#conversations[conversationIndex][turnIndex] ?? { input: 0, output: 0 };
  }

  #read(conversationIndex: number): readonly TurnTokens[] {
    let historyTokens = 0;
    return Array.from({ length: this.#store.turnCount(conversationIndex) }, (_, turnIndex) => {
      const { inputTokens, maxOutputTokens, isWholeHistory } = this.#store.turn(conversationIndex, turnIndex);
      this.hasAssumedLengths ||= maxOutputTokens === undefined;
      const output = maxOutputTokens ?? ASSUMED_OUTPUT_TOKENS;
      const input = isWholeHistory === true ? inputTokens : historyTokens + inputTokens;
      historyTokens = input + output;
      return { input, output };
    });
  }
}
