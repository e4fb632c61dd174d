import type { ChoiceOutput } from '../event-news.ts';
import { isObject, textOf, type JsonObject } from '../json.ts';

/** Keys under which servers send reasoning, the first that is not empty counts: vLLM sends both names in some versions. */
export const REASONING_KEYS = ['reasoning_content', 'reasoning'] as const;

/** Reads a `message` or a `delta`. */
export function readChatOutput(message: unknown): ChoiceOutput {
  if (!isObject(message)) return { text: '', reasoningText: '', toolCallText: '' };
  const content = message['content'];
  const isParts = Array.isArray(content);
  const reasoning = textOf(message[REASONING_KEYS[0]]) ?? textOf(message[REASONING_KEYS[1]]) ?? '';
  return {
    text: isParts ? joinParts(content, 'text') : (textOf(content) ?? ''),
    reasoningText: isParts ? reasoning + joinParts(content, 'thinking') : reasoning,
    toolCallText: toolCallText(message),
  };
}

/** Joins the parts of one type; a part's value is a string or again a list of text parts. */
function joinParts(parts: readonly unknown[], type: 'text' | 'thinking'): string {
  let joined = '';
  for (const part of parts) {
    if (!isObject(part) || part['type'] !== type) continue;
    const value = part[type];
    joined += Array.isArray(value) ? joinParts(value, 'text') : (textOf(value) ?? '');
  }
  return joined;
}

/** Names and arguments in the order they came; both forms of the API, calls and the older single function call. */
function toolCallText(message: JsonObject): string {
  let joined = functionText(message['function_call']);
  const calls = message['tool_calls'];
  if (Array.isArray(calls)) for (const call of calls) if (isObject(call)) joined += functionText(call['function']);
  return joined;
}

function functionText(called: unknown): string {
  if (!isObject(called)) return '';
  return (textOf(called['name']) ?? '') + (textOf(called['arguments']) ?? '');
}
