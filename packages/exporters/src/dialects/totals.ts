import type { DialectRequest, DialectRequests } from './dialect-requests.ts';

/** What one scan tells about all requests. */
export interface RequestTotals {
  readonly goodCount: number;
  readonly failedCount: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Start of the first request until the end of the last, whatever became of them. */
  readonly durationSec: number;
  readonly firstGoodStartNs: number;
}

/** Tokens of a request as a tool counts them. */
export interface TokenCounts {
  readonly input: (request: DialectRequest) => number;
  readonly output: (request: DialectRequest) => number;
}

/** Counts and sums over the requests; tokens of those that succeeded. */
export async function totalsOf(requests: DialectRequests, tokens: TokenCounts): Promise<RequestTotals> {
  let [goodCount, failedCount, inputTokens, outputTokens] = [0, 0, 0, 0];
  let firstStartNs = Number.POSITIVE_INFINITY;
  let lastEndNs = Number.NEGATIVE_INFINITY;
  let firstGoodStartNs = Number.POSITIVE_INFINITY;
  await requests.visit((request) => {
    const { isGood, wasCancelled, startNs, endNs } = request;
    if (startNs < firstStartNs) firstStartNs = startNs;
    if (endNs > lastEndNs) lastEndNs = endNs;
    if (!isGood) {
      if (!wasCancelled) failedCount++;
      return;
    }
    goodCount++;
    inputTokens += known(tokens.input(request));
    outputTokens += known(tokens.output(request));
    if (startNs < firstGoodStartNs) firstGoodStartNs = startNs;
  });
  const durationSec = (lastEndNs - firstStartNs) / 1e9;
  return { goodCount, failedCount, inputTokens, outputTokens, durationSec, firstGoodStartNs };
}

/** The first of some values that is known. */
export function firstKnown(...values: readonly number[]): number {
  return values.find((value) => !Number.isNaN(value)) ?? Number.NaN;
}

/** A count that is not known adds nothing to a sum. */
export function known(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
