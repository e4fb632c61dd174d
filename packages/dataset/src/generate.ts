import { randomUUID } from 'node:crypto';
import type { UserConfig } from '@aiperf/config';
import type { Conversation, Turn } from './conversation.ts';
import { drawPositiveLength } from './distributions.ts';
import type { RandomSource } from './random.ts';
import type { PromptGenerator } from './synthetic/prompt-generator.ts';

/** Prompts made at a time, so that a tokenizer counts many in one call. */
const BATCH_SIZE = 256;

/** The part of the configuration that a synthetic dataset depends on. */
export interface SyntheticConfig {
  readonly endpoint: Pick<UserConfig['endpoint'], 'modelNames'>;
  readonly input: Pick<UserConfig['input'], 'datasetEntries' | 'randomSeed'>;
  readonly prompt: UserConfig['prompt'];
}

/**
 * Synthetic single-turn conversations, in dataset order. With a seed they are the same in every run and named `session_000000` …,
 * without one they are named by UUIDs. Models take turns, one a request.
 */
export function* generateConversations(
  config: SyntheticConfig,
  prompts: PromptGenerator,
  random: RandomSource,
): Generator<Conversation> {
  const { input, prompt, endpoint } = config;
  const inputLengths = random.stream('input-lengths');
  const outputLengths = random.stream('output-lengths');
  for (let first = 0; first < input.datasetEntries; first += BATCH_SIZE) {
    const batchSize = Math.min(BATCH_SIZE, input.datasetEntries - first);
    const lengths = Array.from({ length: batchSize }, () =>
      drawPositiveLength(inputLengths, prompt.inputTokensMean, prompt.inputTokensStddev),
    );
    const texts = prompts.generate(lengths);
    for (const [position, text] of texts.entries()) {
      const index = first + position;
      const turn: Turn = {
        role: 'user',
        text,
        inputTokens: lengths[position] ?? 0,
        model: endpoint.modelNames[index % endpoint.modelNames.length] ?? '',
        ...(prompt.outputTokensMean === undefined
          ? {}
          : { maxOutputTokens: drawPositiveLength(outputLengths, prompt.outputTokensMean, prompt.outputTokensStddev) }),
      };
      const id = input.randomSeed === undefined ? randomUUID() : `session_${String(index).padStart(6, '0')}`;
      yield { id, turns: [turn] };
    }
  }
}
