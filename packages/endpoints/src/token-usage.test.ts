import { expect, test } from 'vitest';
import type { TokenUsage } from './parsed-response.ts';
import { usageOf } from './token-usage.ts';

test.for<[string, Record<string, unknown>, TokenUsage]>([
  [
    'OpenAI chat',
    {
      usage: {
        prompt_tokens: 20,
        completion_tokens: 30,
        total_tokens: 50,
        prompt_tokens_details: { cached_tokens: 16, audio_tokens: 3 },
        completion_tokens_details: {
          reasoning_tokens: 11,
          audio_tokens: 2,
          accepted_prediction_tokens: 5,
          rejected_prediction_tokens: 4,
        },
      },
    },
    {
      promptTokens: 20,
      completionTokens: 30,
      totalTokens: 50,
      promptCacheReadTokens: 16,
      promptAudioTokens: 3,
      reasoningTokens: 11,
      completionAudioTokens: 2,
      acceptedPredictionTokens: 5,
      rejectedPredictionTokens: 4,
    },
  ],
  [
    'counts below zero, which are none',
    { usage: { prompt_tokens: -5, completion_tokens: 0, total_tokens: -1, prompt_cache_hit_tokens: -3 } },
    { completionTokens: 0 },
  ],
  [
    'OpenAI responses',
    {
      usage: {
        input_tokens: 7,
        input_tokens_details: { cached_tokens: 2 },
        output_tokens: 9,
        output_tokens_details: { reasoning_tokens: 4 },
        total_tokens: 16,
      },
    },
    { promptTokens: 7, promptCacheReadTokens: 2, completionTokens: 9, reasoningTokens: 4, totalTokens: 16 },
  ],
  [
    'Anthropic, whose input is what the cache did not have',
    {
      usage: { input_tokens: 15, cache_read_input_tokens: 24, cache_creation_input_tokens: 8, output_tokens: 5 },
    },
    { promptTokens: 47, promptCacheReadTokens: 24, promptCacheWriteTokens: 8, completionTokens: 5 },
  ],
  [
    'Gemini',
    {
      usageMetadata: {
        promptTokenCount: 100,
        candidatesTokenCount: 40,
        thoughtsTokenCount: 12,
        cachedContentTokenCount: 64,
        toolUsePromptTokenCount: 6,
        totalTokenCount: 158,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 70 },
          { modality: 'AUDIO', tokenCount: 30 },
        ],
        candidatesTokensDetails: [{ modality: 'TEXT', tokenCount: 40 }],
      },
    },
    {
      promptTokens: 100,
      completionTokens: 40,
      reasoningTokens: 12,
      promptCacheReadTokens: 64,
      toolUsePromptTokens: 6,
      totalTokens: 158,
      promptAudioTokens: 30,
    },
  ],
  [
    'Bedrock, with the same accounting',
    {
      usage: {
        inputTokens: 11,
        outputTokens: 22,
        totalTokens: 42,
        cacheReadInputTokens: 4,
        cacheWriteInputTokens: 5,
      },
    },
    {
      promptTokens: 20,
      completionTokens: 22,
      totalTokens: 42,
      promptCacheReadTokens: 4,
      promptCacheWriteTokens: 5,
    },
  ],
  [
    'DeepSeek',
    {
      usage: { prompt_tokens: 10, completion_tokens: 2, prompt_cache_hit_tokens: 6, prompt_cache_miss_tokens: 4 },
    },
    { promptTokens: 10, completionTokens: 2, promptCacheReadTokens: 6, promptCacheMissTokens: 4 },
  ],
  [
    'Mistral with audio',
    { usage: { prompt_tokens: 10, completion_tokens: 2, prompt_audio_seconds: 12.5 } },
    { promptTokens: 10, completionTokens: 2, promptAudioSec: 12.5 },
  ],
  [
    'nulls and texts are no counts',
    { usage: { prompt_tokens: null, completion_tokens: '7', prompt_tokens_details: null } },
    {},
  ],
])('%s', ([, answer, expected]) => {
  expect(usageOf(answer)).toEqual(expected);
});

test.for([[{}], [{ usage: null }], [{ usage: 7 }]])('%j has no usage', ([answer]) => {
  expect(usageOf(answer ?? {})).toBeUndefined();
});
