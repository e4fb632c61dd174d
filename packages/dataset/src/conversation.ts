/** An object as JSON has it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One request of a conversation as it was generated or loaded. */
export interface Turn {
  readonly role: 'user';
  /** Empty with `messages` or `payload`. */
  readonly text: string;
  /** In place of `text`: the whole recorded history of the conversation, in the endpoint's own form. */
  readonly messages?: readonly JsonObject[];
  /** Definitions of tools; only with `messages`. */
  readonly tools?: readonly JsonObject[];
  /** In place of all of it: the recorded request body. */
  readonly payload?: JsonObject;
  /** Fields merged over this turn's body, after those of the run. */
  readonly extra?: JsonObject;
  /** Tokens of the text, special tokens and chat template left out. */
  readonly inputTokens: number;
  /** Output length to ask for; absent: the server decides. */
  readonly maxOutputTokens?: number;
  readonly model: string;
  /** Least time between the end of the turn before and this one; absent: none, as with every first turn. */
  readonly delayMs?: number;
  /** When a trace says that this turn was sent, since the trace's own origin; absent: it does not say. */
  readonly timestampMs?: number;
}

/** Template of a session; a run may play it many times. */
export interface Conversation {
  /** `session_000000` … with a seed, a UUID without. */
  readonly id: string;
  readonly turns: readonly Turn[];
}

/** A conversation with its request bodies rendered; what the store holds. */
export interface EncodedTurn {
  /** The complete request body in UTF-8. */
  readonly body: Uint8Array;
  readonly inputTokens: number;
  /** Absent: none was asked for. */
  readonly maxOutputTokens?: number;
  /** The body holds all that came before it, and is sent as it is; else a later turn is sent after the replies that came before it. */
  readonly isWholeHistory?: true;
  /** As {@link Turn.delayMs}; absent: none. */
  readonly delayNs?: number;
  /** As {@link Turn.timestampMs}; absent: none. */
  readonly timestampNs?: number;
}

/** When a turn is to be sent, as far as the dataset says so. */
export interface TurnTiming {
  /** Least time between the end of the turn before and this one; NaN: none. */
  readonly delayNs: number;
  /** Since the origin of the trace that it was recorded in; NaN: none was recorded. */
  readonly timestampNs: number;
}

export interface EncodedConversation {
  readonly id: string;
  readonly turns: readonly EncodedTurn[];
}

/** Renders one turn into a request body. Endpoints of the transport package implement it; the dataset package only calls it. */
export type RenderBody = (turn: Turn) => Uint8Array;
