import { createRandomSource } from '../random.ts';
import type { RandomStream } from '../random.ts';

/** What a generated trace looks like. */
export interface TestTraceOptions {
  readonly seed: number;
  readonly requestCount: number;
  /** Mean over the whole trace. */
  readonly requestRatePerSec: number;
  /** Share of the requests that come in bursts at a single instant; default 0.2. */
  readonly burstRatio?: number;
  /** Requests of a burst; default 8. */
  readonly burstSize?: number;
  /** Blocks of a prompt, 1 to this; default 4. */
  readonly maxBlocks?: number;
  readonly blockSizeTokens?: number;
  /** Mean; at least 1; default 32. */
  readonly outputTokensMean?: number;
}

/** One line of a Mooncake trace. */
export interface TestTraceRecord {
  readonly timestamp: number;
  readonly input_length: number;
  readonly output_length: number;
  readonly hash_ids: readonly number[];
}

/** Beginnings that prompts share, as system prompts are shared. */
const SHARED_BEGINNINGS = 16;

/**
 * A trace as a busy service writes it: Poisson arrivals in whole milliseconds, with bursts at single instants, half of the prompts
 * beginning with one of a few shared blocks. The same options give the same trace.
 */
export function* createTestTrace(options: TestTraceOptions): Generator<TestTraceRecord> {
  const { requestCount, requestRatePerSec, burstRatio = 0.2, burstSize = 8, outputTokensMean = 32 } = options;
  const random = createRandomSource(options.seed);
  const arrivals = random.stream('test-trace-arrivals');
  const shapes = random.stream('test-trace-shapes');
  // Of g groups with mean size m, a share p is bursts: p * burstSize / m of the requests come in them.
  const burstShare = burstRatio / (burstRatio + burstSize * (1 - burstRatio));
  const meanGroupSize = 1 + burstShare * (burstSize - 1);
  let timeMs = 0;
  let waiting = 0;
  for (let request = 0; request < requestCount; request += 1) {
    if (waiting === 0) {
      if (request > 0) timeMs += arrivals.nextExponential(requestRatePerSec / meanGroupSize / 1000);
      waiting = arrivals.nextUniform() < burstShare ? burstSize : 1;
    }
    waiting -= 1;
    yield {
      timestamp: Math.floor(timeMs),
      ...drawPrompt(shapes, request, options),
      output_length: Math.max(1, Math.round(shapes.nextExponential(1 / outputTokensMean))),
    };
  }
}

function drawPrompt(
  shapes: RandomStream,
  request: number,
  { maxBlocks = 4, blockSizeTokens = 512 }: TestTraceOptions,
): Pick<TestTraceRecord, 'input_length' | 'hash_ids'> {
  const blocks = 1 + shapes.nextInt(maxBlocks);
  const input_length = (blocks - 1) * blockSizeTokens + 1 + shapes.nextInt(blockSizeTokens);
  // A block that is not whole is never shared: what follows it would differ from one request to the next.
  const isShared = blocks > 1 && shapes.nextUniform() < 0.5;
  const own = SHARED_BEGINNINGS + request * maxBlocks;
  const hash_ids = Array.from({ length: blocks }, (_, place) =>
    place === 0 && isShared ? shapes.nextInt(SHARED_BEGINNINGS) : own + place,
  );
  return { input_length, hash_ids };
}
