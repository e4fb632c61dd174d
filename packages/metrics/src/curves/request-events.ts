import { CURVE_EVENTS, type CurveEvent } from './curve-state.ts';

/** Takes the events of one request; not in the order of time. */
export type EmitEvent = (timeNs: number, event: CurveEvent, x: number, y: number) => void;

/** What the curves need of a request. Times are run nanoseconds; NaN where unknown. */
export interface CurveRequest {
  startNs: number;
  endNs: number;
  /** NaN for a request without streamed output, which is part of the concurrency alone. */
  firstTokenNs: number;
  inputTokens: number;
  outputTokens: number;
  /** Gaps between its chunks are `gapsNs[gapsFrom]`..`gapsNs[gapsTo - 1]`. */
  gapsNs: Float64Array;
  gapsFrom: number;
  gapsTo: number;
}

/**
 * Says what a request does to the curves. Its input is taken as processed evenly from its start to its first token. One token is there at the
 * first one; the others are spread evenly over the gaps between its chunks that have a length (chunks that came in one read have no gap
 * between them), or over the time to its end where it has none.
 * Without a count of its output only its input is in flight.
 */
export function emitRequest(request: CurveRequest, emit: EmitEvent): void {
  const { startNs, endNs, firstTokenNs } = request;
  emit(startNs, CURVE_EVENTS.start, 0, 0);
  emit(endNs, CURVE_EVENTS.end, 0, 0);
  if (!(firstTokenNs >= startNs && firstTokenNs <= endNs)) return;
  const inputTokens = orZero(request.inputTokens);
  // Where the number is not known, none is claimed.
  const firstTokens = request.outputTokens >= 1 ? 1 : 0;
  const laterTokens = Math.max(0, orZero(request.outputTokens) - 1);
  const prefillRate = firstTokenNs > startNs ? inputTokens / (firstTokenNs - startNs) : 0;
  const evenRate = endNs > firstTokenNs ? laterTokens / (endNs - firstTokenNs) : 0;
  emit(startNs, CURVE_EVENTS.prefillStart, prefillRate, inputTokens);
  emit(firstTokenNs, CURVE_EVENTS.firstToken, prefillRate, evenRate);
  const tokensOfChunks = emitChunks(request, { firstTokens, laterTokens, evenRate }, emit);
  emit(endNs, CURVE_EVENTS.decodeEnd, evenRate, inputTokens + firstTokens + tokensOfChunks);
}

/** Returns the tokens that the chunks after the first one brought. */
function emitChunks(
  request: CurveRequest,
  { firstTokens, laterTokens, evenRate }: Readonly<Record<'firstTokens' | 'laterTokens' | 'evenRate', number>>,
  emit: EmitEvent,
): number {
  const { gapsNs, gapsFrom, gapsTo, firstTokenNs, endNs } = request;
  const gapCount = gapsTo - gapsFrom;
  let longCount = 0;
  for (let index = gapsFrom; index < gapsTo; index++) if ((gapsNs[index] ?? 0) > 0) longCount++;
  if (longCount === 0) {
    emit(firstTokenNs, CURVE_EVENTS.chunksStart, evenRate, firstTokens);
    emit(endNs, CURVE_EVENTS.chunksEnd, evenRate, 0);
    return 0;
  }
  const tokensPerChunk = laterTokens / gapCount;
  const tokensPerGap = laterTokens / longCount;
  let timeNs = firstTokenNs;
  let rate: number | undefined;
  let tokens = 0;
  for (let index = gapsFrom; index < gapsTo; index++) {
    const gapNs = gapsNs[index] ?? 0;
    if (gapNs > 0) {
      const next = tokensPerGap / gapNs;
      // The tokens of the chunks that came at this moment, the one before this gap and those that shared its read.
      if (rate === undefined) emit(timeNs, CURVE_EVENTS.chunksStart, next, firstTokens + tokens);
      else emit(timeNs, CURVE_EVENTS.chunk, next - rate, tokens);
      tokens = 0;
      rate = next;
      timeNs = Math.min(timeNs + gapNs, endNs);
    }
    tokens += tokensPerChunk;
  }
  emit(timeNs, CURVE_EVENTS.chunksEnd, rate ?? 0, tokens);
  return laterTokens;
}

function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}
