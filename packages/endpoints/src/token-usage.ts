import { isObject, numberOf, type JsonObject } from './json.ts';
import type { TokenUsage } from './parsed-response.ts';

/**
 * Where each count is found: a path into the usage object; the first that holds a number of 0 or more is taken. In the order: OpenAI chat and those who
 * follow it, OpenAI responses and Anthropic, Gemini, Bedrock; then DeepSeek and Mistral, who add fields.
 */
const USAGE_PATHS: { readonly [K in keyof TokenUsage]-?: readonly (readonly string[])[] } = {
  promptTokens: [['prompt_tokens'], ['input_tokens'], ['promptTokenCount'], ['inputTokens']],
  completionTokens: [['completion_tokens'], ['output_tokens'], ['candidatesTokenCount'], ['outputTokens']],
  totalTokens: [['total_tokens'], ['totalTokenCount'], ['totalTokens']],
  reasoningTokens: [
    ['completion_tokens_details', 'reasoning_tokens'],
    ['output_tokens_details', 'reasoning_tokens'],
    ['reasoning_tokens'],
    ['thoughtsTokenCount'],
  ],
  promptCacheReadTokens: [
    ['prompt_tokens_details', 'cached_tokens'],
    ['input_tokens_details', 'cached_tokens'],
    ['cache_read_input_tokens'],
    ['cachedContentTokenCount'],
    ['cacheReadInputTokens'],
    ['prompt_cache_hit_tokens'],
    ['num_cached_tokens'],
  ],
  promptCacheWriteTokens: [
    ['cache_creation_input_tokens'],
    ['cacheWriteInputTokens'],
    ['prompt_tokens_details', 'cache_write_tokens'],
  ],
  promptCacheMissTokens: [['prompt_cache_miss_tokens']],
  promptAudioTokens: [
    ['prompt_tokens_details', 'audio_tokens'],
    ['input_tokens_details', 'audio_tokens'],
    ['promptTokensDetails', 'AUDIO'],
  ],
  promptAudioSec: [['prompt_audio_seconds']],
  completionAudioTokens: [
    ['completion_tokens_details', 'audio_tokens'],
    ['output_tokens_details', 'audio_tokens'],
    ['candidatesTokensDetails', 'AUDIO'],
  ],
  acceptedPredictionTokens: [['completion_tokens_details', 'accepted_prediction_tokens']],
  rejectedPredictionTokens: [['completion_tokens_details', 'rejected_prediction_tokens']],
  toolUsePromptTokens: [['tool_use_prompt_tokens'], ['toolUsePromptTokenCount']],
};

const USAGE_ENTRIES = Object.entries(USAGE_PATHS);

/**
 * Anthropic and Bedrock count as input only what was neither read from the cache nor written to it; all others count the whole prompt. By
 * the name of the input count: what has to be added for the whole prompt.
 */
const UNCACHED_INPUTS: readonly (readonly [input: string, cached: readonly string[]])[] = [
  ['input_tokens', ['cache_read_input_tokens', 'cache_creation_input_tokens']],
  ['inputTokens', ['cacheReadInputTokens', 'cacheWriteInputTokens']],
];

/** Reads a usage object; absent for anything that is not an object. */
function parseTokenUsage(usage: unknown): TokenUsage | undefined {
  if (!isObject(usage)) return undefined;
  const parsed: Record<string, number> = {};
  for (const [name, paths] of USAGE_ENTRIES) {
    for (const path of paths) {
      let value: unknown = usage;
      for (const key of path) value = isObject(value) ? value[key] : byModality(value, key);
      const count = numberOf(value);
      // Less than none is what a broken server reports: no count, rather than a sum that is too small.
      if (count === undefined || count < 0) continue;
      parsed[name] = name === 'promptTokens' ? count + cachedBeside(usage, path[0]) : count;
      break;
    }
  }
  return parsed;
}

/** Tokens of the prompt that the count under the name `input` leaves out. */
function cachedBeside(usage: JsonObject, input: string | undefined): number {
  const cached = UNCACHED_INPUTS.find(([name]) => name === input)?.[1] ?? [];
  return cached.reduce((sum, name) => sum + (numberOf(usage[name]) ?? 0), 0);
}

/** Gemini lists its details: `[{"modality": "AUDIO", "tokenCount": 7}]`. */
function byModality(details: unknown, modality: string): unknown {
  if (!Array.isArray(details)) return undefined;
  const found: unknown = details.find((detail: unknown) => isObject(detail) && detail['modality'] === modality);
  return isObject(found) ? found['tokenCount'] : undefined;
}

/** The usage in a chunk or a whole answer, under whatever name. */
export function usageOf(answer: JsonObject): TokenUsage | undefined {
  return parseTokenUsage(answer['usage'] ?? answer['usageMetadata']);
}
