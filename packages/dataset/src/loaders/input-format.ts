import type { CustomDatasetType } from '@aiperf/config';
import type { JsonObject } from '../conversation.ts';
import type { InputProblems } from './input-problems.ts';

/** What a turn of an input file says, before its text is made or counted. Exactly one of the kinds. */
export type RecordedContent =
  /** Text is made: so many tokens, in blocks of which equal ids have equal text. Without ids, text like no other. */
  | { readonly kind: 'length'; readonly tokenCount: number; readonly blockIds: readonly number[] }
  | { readonly kind: 'text'; readonly text: string }
  /** The whole history as it was recorded. */
  | { readonly kind: 'messages'; readonly messages: readonly JsonObject[]; readonly tools?: readonly JsonObject[] }
  /** The request body itself. */
  | { readonly kind: 'payload'; readonly payload: JsonObject };

/** One request of an input file. */
export interface RecordedTurn {
  /** Where it stands, from 1, for messages. */
  readonly lineNumber: number;
  readonly content: RecordedContent;
  readonly outputTokens?: number;
  readonly timestampMs?: number;
  readonly delayMs?: number;
  /** Fields merged over the request body. */
  readonly extra?: JsonObject;
}

/** One session of an input file, turns in their order. */
export interface RecordedConversation {
  /** Absent: the file does not name it. */
  readonly id?: string;
  readonly turns: readonly RecordedTurn[];
}

/** A format of input files. To add one: a file beside this one, a line in `formats.ts`, and its name in the configuration. */
export interface InputFormat {
  readonly type: CustomDatasetType;
  /** Tokens of a block of text that an id stands for. */
  readonly blockSizeTokens: number;
  /** True when a file whose first record is this is one of the format's, as far as a record can tell. */
  recognizes(record: JsonObject): boolean;
  /** True when the record says when it was sent. */
  hasTimestamp(record: JsonObject): boolean;
  /** Reads a whole file. What is wrong with it goes to `problems`; what is returned then does not matter. */
  read(path: string, problems: InputProblems): Promise<readonly RecordedConversation[]>;
}
