import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Conversation, EncodedTurn, RenderBody, Turn } from './conversation.ts';
import { createDatasetStoreWriter } from './store-writer.ts';

/** Work between two turns of the event loop: the process's other services answer heartbeats meanwhile. */
const WORK_SLICE_MS = 20;
const NS_PER_MS = 1e6;

/** What a store is built from. */
export interface StorePlan {
  readonly directory: string;
  readonly conversations: Iterable<Conversation>;
  readonly renderBody: RenderBody;
  /** Checked between slices of work; aborting leaves an unfinished store. */
  readonly signal: AbortSignal;
}

/** Renders and encodes every request body once and writes the store. Resolves with the number of conversations. */
export async function buildStore(plan: StorePlan): Promise<number> {
  using writer = createDatasetStoreWriter(plan.directory);
  let sliceStartMs = performance.now();
  let count = 0;
  for (const { id, turns } of plan.conversations) {
    count += 1;
    writer.add({ id, turns: turns.map((turn) => encodeTurn(turn, plan.renderBody)) });
    if (performance.now() - sliceStartMs > WORK_SLICE_MS) {
      await yieldToEventLoop();
      plan.signal.throwIfAborted();
      sliceStartMs = performance.now();
    }
  }
  writer.finish();
  return count;
}

function encodeTurn(turn: Turn, renderBody: RenderBody): EncodedTurn {
  const { inputTokens, maxOutputTokens, delayMs, timestampMs } = turn;
  return {
    body: renderBody(turn),
    inputTokens,
    ...(maxOutputTokens === undefined ? {} : { maxOutputTokens }),
    ...(turn.messages === undefined && turn.payload === undefined ? {} : { isWholeHistory: true }),
    ...(delayMs === undefined ? {} : { delayNs: Math.round(delayMs * NS_PER_MS) }),
    ...(timestampMs === undefined ? {} : { timestampNs: Math.round(timestampMs * NS_PER_MS) }),
  };
}
