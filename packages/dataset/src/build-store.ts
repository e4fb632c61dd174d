import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { EncodedTurn, RenderBody, Turn } from './conversation.ts';
import { generateConversations } from './generate.ts';
import type { SyntheticConfig } from './generate.ts';
import type { RandomSource } from './random.ts';
import { createDatasetStoreWriter } from './store-writer.ts';
import type { PromptGenerator } from './synthetic/prompt-generator.ts';

/** Work between two turns of the event loop: the process's other services answer heartbeats meanwhile. */
const WORK_SLICE_MS = 20;
const NS_PER_MS = 1e6;

/** What a store is built from. */
export interface StorePlan {
  readonly directory: string;
  readonly config: SyntheticConfig;
  readonly prompts: PromptGenerator;
  readonly random: RandomSource;
  readonly renderBody: RenderBody;
  /** Checked between slices of work; aborting leaves an unfinished store. */
  readonly signal: AbortSignal;
}

/** Generates the dataset, renders and encodes every request body once, and writes the store. */
export async function buildStore(plan: StorePlan): Promise<void> {
  using writer = createDatasetStoreWriter(plan.directory);
  let sliceStartMs = performance.now();
  for (const { id, turns } of generateConversations(plan.config, plan.prompts, plan.random)) {
    writer.add({ id, turns: turns.map((turn) => encodeTurn(turn, plan.renderBody)) });
    if (performance.now() - sliceStartMs > WORK_SLICE_MS) {
      await yieldToEventLoop();
      plan.signal.throwIfAborted();
      sliceStartMs = performance.now();
    }
  }
  writer.finish();
}

function encodeTurn(turn: Turn, renderBody: RenderBody): EncodedTurn {
  const { inputTokens, maxOutputTokens, delayMs, timestampMs } = turn;
  return {
    body: renderBody(turn),
    inputTokens,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(delayMs === undefined ? {} : { delayNs: Math.round(delayMs * NS_PER_MS) }),
    ...(timestampMs === undefined ? {} : { timestampNs: Math.round(timestampMs * NS_PER_MS) }),
  };
}
