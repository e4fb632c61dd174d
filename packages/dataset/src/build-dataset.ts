import type { UserConfig } from '@aiperf/config';
import { buildStore } from './build-store.ts';
import { loadBuiltinTokenizer } from './builtin-tokenizer.ts';
import type { Conversation, RenderBody } from './conversation.ts';
import { generateConversations } from './generate.ts';
import { loadHuggingFaceTokenizer } from './huggingface-tokenizer.ts';
import { BUILTIN_TOKENIZER_NAME, chooseTokenizer } from './load-tokenizer.ts';
import { readInputFile } from './loaders/input-file.ts';
import { createRandomSource } from './random.ts';
import { hasOwnTexts, makeRecordedConversations } from './recorded-conversations.ts';
import { createBuiltinPromptGenerator, createPromptGenerator } from './synthetic/prompt-generator.ts';
import type { Tokenizer } from './tokenizer.ts';

/** What the dataset of a run is made from. */
export interface DatasetPlan {
  readonly config: UserConfig;
  /** Where the store is written. */
  readonly directory: string;
  readonly renderBody: RenderBody;
  /** Checked between slices of work; aborting leaves an unfinished store. */
  readonly signal: AbortSignal;
  /** What the user should be told. */
  readonly onNotice: (notice: string) => void;
}

/** Makes the conversations that a configuration asks for, synthetic or from its input file, and writes the store. Resolves with their number. */
export async function buildDataset({ config, onNotice, ...plan }: DatasetPlan): Promise<number> {
  const { path, notice } = await chooseTokenizer(config.tokenizer.name, config.endpoint.modelNames);
  if (notice !== undefined) onNotice(notice);
  const tokenizer = path === undefined ? undefined : await loadHuggingFaceTokenizer(path);
  try {
    return await buildStore({ ...plan, conversations: await createConversations(config, tokenizer) });
  } finally {
    await tokenizer?.close();
  }
}

/** The conversations may be made one by one while they are taken; without a `tokenizer`, by the builtin vocabulary. */
async function createConversations(
  config: UserConfig,
  tokenizer: Tokenizer | undefined,
): Promise<Iterable<Conversation>> {
  const random = createRandomSource(config.input.randomSeed);
  const { inputFile } = config.input;
  const prompts =
    tokenizer === undefined ? createBuiltinPromptGenerator(random) : createPromptGenerator(tokenizer, random);
  if (inputFile === undefined) return generateConversations(config, prompts, random);
  const { format, conversations } = await readInputFile(inputFile, config);
  // Its vocabulary is only needed where the file has texts of its own.
  const counter =
    tokenizer ?? (hasOwnTexts(conversations) ? await loadBuiltinTokenizer(BUILTIN_TOKENIZER_NAME) : undefined);
  return makeRecordedConversations(conversations, config, {
    prompts,
    blockSizeTokens: format.blockSizeTokens,
    countAll: (texts) => counter?.countAll(texts) ?? [],
  });
}
