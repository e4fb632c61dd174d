export type {
  Conversation,
  EncodedConversation,
  EncodedTurn,
  JsonObject,
  RenderBody,
  Turn,
  TurnTiming,
} from './conversation.ts';
export { DATASET_ERROR_CODES, DatasetError } from './dataset-error.ts';
export type { DatasetErrorCode } from './dataset-error.ts';
export { createRandomSource } from './random.ts';
export type { RandomSource, RandomStream } from './random.ts';
export { createSampler } from './sampler.ts';
export type { Sampler, SamplingStrategy } from './sampler.ts';
export { createDatasetStoreWriter } from './store-writer.ts';
export type { DatasetStoreWriter } from './store-writer.ts';
export { openDatasetStore } from './store-reader.ts';
export type { DatasetStore, DatasetStoreOptions } from './store-reader.ts';
export { BUILTIN_TOKENIZER_NAME, loadTokenizer } from './load-tokenizer.ts';
export type { LoadedTokenizer } from './load-tokenizer.ts';
export type { Tokenizer } from './tokenizer.ts';
export { createBuiltinPromptGenerator, createPromptGenerator } from './synthetic/prompt-generator.ts';
export type { BlockPrompt, PromptGenerator } from './synthetic/prompt-generator.ts';
export type { DatasetMessages } from './messages.ts';
