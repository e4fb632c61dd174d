import type { UserConfig } from '@aiperf/config';
import type { Conversation, Turn } from './conversation.ts';
import { createConversationNames } from './conversation-names.ts';
import { drawDurationMs, drawPositiveLength } from './distributions.ts';
import type { RandomSource } from './random.ts';
import type { PromptGenerator } from './synthetic/prompt-generator.ts';

/** Conversations made at a time, so that a tokenizer counts many prompts in one call. */
const BATCH_SIZE = 256;

/** The part of the configuration that a synthetic dataset depends on. */
export interface SyntheticConfig {
  readonly endpoint: Pick<UserConfig['endpoint'], 'modelNames'>;
  readonly input: Pick<UserConfig['input'], 'datasetEntries' | 'randomSeed'>;
  readonly conversation: UserConfig['conversation'];
  readonly prompt: UserConfig['prompt'];
}

/** A turn before its text is made. */
interface TurnPlan {
  readonly inputTokens: number;
  readonly maxOutputTokens?: number;
  readonly delayMs?: number;
}

/**
 * Synthetic conversations, in dataset order. With a seed they are the same in every run and named `session_000000` …, without one they are
 * named by UUIDs. Models take turns, one a request.
 */
export function* generateConversations(
  config: SyntheticConfig,
  prompts: PromptGenerator,
  random: RandomSource,
): Generator<Conversation> {
  const { input, endpoint } = config;
  const nextName = createConversationNames(input.randomSeed);
  const planConversation = createPlanner(config, random);
  let turnCount = 0;
  const nextModel = (): string => {
    turnCount += 1;
    return endpoint.modelNames[(turnCount - 1) % endpoint.modelNames.length] ?? '';
  };
  for (let first = 0; first < input.datasetEntries; first += BATCH_SIZE) {
    const batchSize = Math.min(BATCH_SIZE, input.datasetEntries - first);
    const plans = Array.from({ length: batchSize }, planConversation);
    const texts = prompts.generate(plans.flatMap((turns) => turns.map(({ inputTokens }) => inputTokens))).values();
    for (const plan of plans) {
      const turns: Turn[] = [];
      for (const turn of plan)
        turns.push({ role: 'user', text: texts.next().value ?? '', model: nextModel(), ...turn });
      yield { id: nextName(), turns };
    }
  }
}

/** Every property has a stream of its own, so that asking for another spread of one leaves the others as they were. */
function createPlanner({ conversation, prompt }: SyntheticConfig, random: RandomSource): () => readonly TurnPlan[] {
  const inputLengths = random.stream('input-lengths');
  const outputLengths = random.stream('output-lengths');
  const turnCounts = random.stream('turn-counts');
  const turnDelays = random.stream('turn-delays');
  const drawDelayMs = (): number =>
    drawDurationMs(turnDelays, conversation.turnDelayMeanMs, conversation.turnDelayStddevMs) *
    conversation.turnDelayRatio;
  return () => {
    const turnCount = drawPositiveLength(turnCounts, conversation.turnsMean, conversation.turnsStddev);
    return Array.from({ length: turnCount }, (_, turnIndex): TurnPlan => {
      const delayMs = turnIndex === 0 ? 0 : drawDelayMs();
      return {
        inputTokens: drawPositiveLength(inputLengths, prompt.inputTokensMean, prompt.inputTokensStddev),
        ...(prompt.outputTokensMean === undefined
          ? {}
          : { maxOutputTokens: drawPositiveLength(outputLengths, prompt.outputTokensMean, prompt.outputTokensStddev) }),
        ...(delayMs === 0 ? {} : { delayMs }),
      };
    });
  };
}
