import { isObject, numberOf } from './json.ts';
import type { TokenUsage } from './parsed-response.ts';

/** Where each count is found: a path into the usage object; the first that holds a number is taken. */
const USAGE_PATHS: { readonly [K in keyof TokenUsage]-?: readonly (readonly string[])[] } = {
  promptTokens: [['prompt_tokens'], ['input_tokens']],
  completionTokens: [['completion_tokens'], ['output_tokens']],
  totalTokens: [['total_tokens']],
  reasoningTokens: [
    ['completion_tokens_details', 'reasoning_tokens'],
    ['output_tokens_details', 'reasoning_tokens'],
    ['reasoning_tokens'],
  ],
  promptCacheReadTokens: [
    ['prompt_tokens_details', 'cached_tokens'],
    ['input_tokens_details', 'cached_tokens'],
    ['cache_read_input_tokens'],
    ['prompt_cache_hit_tokens'],
  ],
  promptCacheWriteTokens: [['cache_creation_input_tokens']],
  promptCacheMissTokens: [['prompt_cache_miss_tokens']],
  promptAudioTokens: [['prompt_tokens_details', 'audio_tokens']],
  promptAudioSec: [['prompt_audio_seconds']],
  completionAudioTokens: [['completion_tokens_details', 'audio_tokens']],
  acceptedPredictionTokens: [['completion_tokens_details', 'accepted_prediction_tokens']],
  rejectedPredictionTokens: [['completion_tokens_details', 'rejected_prediction_tokens']],
  toolUsePromptTokens: [['tool_use_prompt_tokens']],
};

const USAGE_ENTRIES = Object.entries(USAGE_PATHS);

/** Reads a usage object of an OpenAI-style response; absent for anything that is not an object. */
export function parseTokenUsage(usage: unknown): TokenUsage | undefined {
  if (!isObject(usage)) return undefined;
  const parsed: Record<string, number> = {};
  for (const [name, paths] of USAGE_ENTRIES) {
    for (const path of paths) {
      let value: unknown = usage;
      for (const key of path) value = isObject(value) ? value[key] : undefined;
      const count = numberOf(value);
      if (count === undefined) continue;
      parsed[name] = count;
      break;
    }
  }
  return parsed;
}
