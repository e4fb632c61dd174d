import { readChatOutput, REASONING_KEYS, type ChatOutput } from './chat-delta.ts';
import type { ContentKind } from '../content-template.ts';
import { isObject, textOf, type JsonObject } from '../json.ts';
import type { TokenUsage } from '../parsed-response.ts';
import type { RequestError } from '@aiperf/records';
import { inBandErrorOf } from '../response-error.ts';
import { specDecodingOf, type SpecDecoding } from '../spec-decoding.ts';
import { usageOf } from '../token-usage.ts';

/** What a chunk or a whole completion says. */
export interface ChatNews {
  readonly error: RequestError | undefined;
  readonly usage: TokenUsage | undefined;
  readonly specDecoding: SpecDecoding | undefined;
  readonly choices: readonly ChoiceNews[];
}

interface ChoiceNews {
  readonly index: number;
  readonly finishReason: string | undefined;
  readonly output: ChatOutput;
}

/** Nothing. */
export const NO_NEWS: ChatNews = { error: undefined, usage: undefined, specDecoding: undefined, choices: [] };

/** An event whose only news is one piece of text. */
export interface PlainEvent {
  readonly kind: ContentKind;
  readonly choiceIndex: number;
  readonly content: string;
}

/** Reads a chunk or a whole completion. */
export function newsOf(object: JsonObject): ChatNews {
  const entries = object['choices'];
  const choices: ChoiceNews[] = [];
  if (Array.isArray(entries)) {
    for (const entry of entries) {
      if (!isObject(entry)) continue;
      choices.push({
        index: choiceIndexOf(entry),
        finishReason: textOf(entry['finish_reason']),
        output: readChatOutput(entry['delta'] ?? entry['message']),
      });
    }
  }
  return { error: inBandErrorOf(object), usage: usageOf(object), specDecoding: specDecodingOf(object), choices };
}

/** Whether an event's data carries output. Role-only and empty deltas, usage, errors and `[DONE]` do not. */
export function isContentEvent(data: string): boolean {
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch {
    return false;
  }
  if (!isObject(event)) return false;
  return newsOf(event).choices.some(
    ({ output }) => output.text !== '' || output.reasoningText !== '' || output.toolCallText !== '',
  );
}

/** The event as one piece of text, or undefined when it says anything else that counts: finish reason, usage, tool call, error. */
export function plainEventOf(event: JsonObject): PlainEvent | undefined {
  const choices = event['choices'];
  if (!Array.isArray(choices) || choices.length !== 1) return undefined;
  const hasUsage = (event['usage'] ?? event['usageMetadata'] ?? null) !== null;
  if (hasUsage || inBandErrorOf(event) !== undefined || specDecodingOf(event) !== undefined) return undefined;
  const entry: unknown = choices[0];
  if (!isObject(entry) || textOf(entry['finish_reason']) !== undefined) return undefined;
  const delta = entry['delta'];
  if (!isObject(delta) || Array.isArray(delta['content'])) return undefined;
  const { text, reasoningText, toolCallText } = readChatOutput(delta);
  if (toolCallText !== '' || (text === '') === (reasoningText === '')) return undefined;
  // With both names filled the second has no effect, which a change of the first could undo.
  if (text === '' && REASONING_KEYS.every((key) => textOf(delta[key]) !== undefined)) return undefined;
  const choiceIndex = choiceIndexOf(entry);
  return text === ''
    ? { kind: 'reasoning', choiceIndex, content: reasoningText }
    : { kind: 'text', choiceIndex, content: text };
}

function choiceIndexOf(entry: JsonObject): number {
  const index = entry['index'];
  return typeof index === 'number' ? index : 0;
}
