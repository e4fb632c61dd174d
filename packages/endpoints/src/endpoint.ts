import type { Timeline } from '@aiperf/records';
import type { Answer, ParsedResponse, TextAnswer } from './parsed-response.ts';

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
export interface ResponseParser<A extends Answer = Answer> {
  /** The result is overwritten by the next call. Nothing is thrown for a bad response: it is the result's `error`. */
  parseResponse(record: { readonly timeline: Timeline }): ParsedResponse<A>;
}

/** What was said in a session so far, in the form in which the API wants it told again. */
export interface SessionHistory {
  /** A turn has ended: `body` is its stored body, without the turns before it. */
  add(body: Uint8Array, reply: Pick<TextAnswer, 'text'>): void;
  /** The request body of the next turn, from its stored one, in a buffer of its own. */
  compose(body: Uint8Array): Uint8Array;
}

/** What requests and answers can hold: it decides which metrics a run has. */
export interface EndpointTraits {
  /** Answers may come as a stream of events. */
  readonly streams: boolean;
  /** Answers are made of output tokens. */
  readonly producesTokens: boolean;
  /** Prompts are counted in tokens. */
  readonly tokenizesInput: boolean;
  readonly supportsReasoning: boolean;
  readonly supportsAudio: boolean;
  readonly supportsImages: boolean;
  readonly supportsVideo: boolean;
}

/** One kind of server API, whole: what it is called, what it makes, how it is spoken. Everything about an endpoint derives from this. */
export interface Endpoint {
  /** As `--endpoint-type` takes it; AIPerf's name. */
  readonly name: string;
  /** Heading of its metric tables, as AIPerf has it. */
  readonly title: string;
  /** Whose protocol it is, for the name of the result directory. */
  readonly serviceKind: string;
  readonly method: 'POST';
  /** Request path where the configuration names none. */
  readonly path: string;
  /** What its answers are made of. */
  readonly produces: Answer['kind'];
  readonly traits: EndpointTraits;
  /** Whether bodies may hold images or audio, for fields that the user merges over every body. */
  mayCarryMedia(extraInputs: Readonly<Record<string, unknown>>): boolean;
  acceptHeader(streaming: boolean): string;
  /** The complete request body of one turn, UTF-8. */
  renderBody(turn: EndpointTurn, config: BodyConfig): Uint8Array;
  /** Reads its responses in the plainest way: what {@link createParser} is held against. */
  createPlainParser(): ResponseParser;
  /** Reads its responses as fast as may be, with the same results. */
  createParser(): ResponseParser;
  /** Of a new session. */
  createHistory(): SessionHistory;
  /** Whether the response is, or may be, a stream of events. It may be asked when only a part of the body is there. */
  isStream(timeline: Timeline): boolean;
  /** Whether an event's data carries output: text, reasoning or a piece of a tool call. */
  isContentEvent(data: string): boolean;
}
