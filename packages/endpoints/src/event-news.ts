import type { RequestError } from '@aiperf/records';
import type { TokenUsage } from './parsed-response.ts';
import type { SpecDecoding } from './spec-decoding.ts';

/** The output in one message or delta; empty strings where there is none. */
export interface ChoiceOutput {
  readonly text: string;
  readonly reasoningText: string;
  readonly toolCallText: string;
}

/** What an event, or a whole answer, says of one choice. */
export interface ChoiceNews {
  readonly index: number;
  readonly finishReason: string | undefined;
  readonly output: ChoiceOutput;
}

/** What one event of a stream of text, or a whole answer, says. */
export interface EventNews {
  readonly error: RequestError | undefined;
  readonly usage: TokenUsage | undefined;
  readonly specDecoding: SpecDecoding | undefined;
  readonly choices: readonly ChoiceNews[];
}

/** Nothing. */
export const NO_NEWS: EventNews = { error: undefined, usage: undefined, specDecoding: undefined, choices: [] };

/** Whether anything is said that counts as content: text, reasoning or a piece of a tool call. */
export function hasContent({ choices }: EventNews): boolean {
  return choices.some(({ output }) => output.text !== '' || output.reasoningText !== '' || output.toolCallText !== '');
}
