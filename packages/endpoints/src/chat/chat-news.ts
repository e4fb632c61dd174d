import { readChatOutput, REASONING_KEYS } from './chat-delta.ts';
import type { ChoiceNews, EventNews } from '../event-news.ts';
import type { PlainEvent, Recogniser } from '../fast-path/with-fast-path.ts';
import { isObject, textOf, type JsonObject } from '../json.ts';
import { inBandErrorOf } from '../response-error.ts';
import { specDecodingOf } from '../spec-decoding.ts';
import type { TextFormat } from '../text-parser.ts';
import { usageOf } from '../token-usage.ts';

/** Reads a chunk or a whole completion. */
function newsOf(object: JsonObject): EventNews {
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

/** The event as one piece of text, or undefined when it says anything else that counts: finish reason, usage, tool call, error. */
function plainEventOf(event: JsonObject): PlainEvent | undefined {
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

/** Chunks and completions of the chat API. */
export const CHAT_FORMAT: TextFormat = { answerName: 'a chat completion object', newsOf };

/** Chunks of the chat API that are one piece of text. */
export const CHAT_RECOGNISER: Recogniser = {
  plainEventOf,
  contentKeys: { text: ['content'], reasoning: REASONING_KEYS },
};
