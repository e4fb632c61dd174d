import type { Timeline } from '@aiperf/records';
import type { ParsedResponse } from './parsed-response.ts';

/** Options that decide how a body is written. */
export interface BodyConfig {
  readonly streaming: boolean;
  readonly useLegacyMaxTokens: boolean;
  /** Fields merged over every body. */
  readonly extraInputs: Readonly<Record<string, unknown>>;
}

type JsonObject = Readonly<Record<string, unknown>>;

/** What one request is to say; a dataset's turn is one. */
export interface EndpointTurn {
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
  /** Output length to ask for; absent: the server decides. */
  readonly maxOutputTokens?: number;
  readonly model: string;
}

/** Reads responses one after the other, reusing its buffers. */
export interface ResponseParser {
  /** The result is overwritten by the next call. Nothing is thrown for a bad response: it is the result's `error`. */
  parseResponse(record: { readonly timeline: Timeline }): ParsedResponse;
}

/** What was said in a session so far, in the form in which the API wants it told again. */
export interface SessionHistory {
  /** A turn has ended: `body` is its stored body, without the turns before it. */
  add(body: Uint8Array, reply: Pick<ParsedResponse, 'text'>): void;
  /** The request body of the next turn, from its stored one, in a buffer of its own. */
  compose(body: Uint8Array): Uint8Array;
}

/** How one kind of server API is spoken: bodies out, responses in. */
export interface Endpoint {
  readonly type: string;
  readonly method: 'POST';
  /** Used when the configuration names no path. */
  readonly defaultPath: string;
  acceptHeader(streaming: boolean): string;
  /** The complete request body of one turn, UTF-8. */
  renderBody(turn: EndpointTurn, config: BodyConfig): Uint8Array;
  createParser(): ResponseParser;
  /** Of a new session. */
  createHistory(): SessionHistory;
  /** Whether the response is, or may be, a stream of events. It may be asked when only a part of the body is there. */
  isStream(timeline: Timeline): boolean;
  /** Whether an event's data carries output: text, reasoning or a piece of a tool call. */
  isContentEvent(data: string): boolean;
}
