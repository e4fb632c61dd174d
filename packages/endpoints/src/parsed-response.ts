import type { RequestError } from '@aiperf/records';
import type { SpecDecoding } from './spec-decoding.ts';

/** Token counts as the server reported them; what it did not report is absent. Names follow the `usage_*` metrics. */
export interface TokenUsage {
  readonly promptTokens?: number;
  readonly completionTokens?: number;
  readonly totalTokens?: number;
  readonly reasoningTokens?: number;
  readonly promptCacheReadTokens?: number;
  readonly promptCacheWriteTokens?: number;
  readonly promptCacheMissTokens?: number;
  readonly promptAudioTokens?: number;
  readonly promptAudioSec?: number;
  readonly completionAudioTokens?: number;
  readonly acceptedPredictionTokens?: number;
  readonly rejectedPredictionTokens?: number;
  readonly toolUsePromptTokens?: number;
}

/** Text, from chat and its kin. */
export interface TextAnswer {
  readonly kind: 'text';
  /** Without reasoning; several choices one after the other, in the order of their indexes. */
  readonly text: string;
  readonly reasoningText: string;
  /** Names and arguments of tool calls. */
  readonly toolCallText: string;
}

/** A video, with what the server says of its own work; NaN where it does not. */
export interface VideoAnswer {
  readonly kind: 'video';
  /** `inference_time_s`. */
  readonly inferenceSec: number;
  /** `peak_memory_mb`. */
  readonly peakMemoryMb: number;
}

/** An answer that is counted and timed, and whose content no metric looks into. */
export interface OpaqueAnswer {
  readonly kind: 'embeddings' | 'rankings' | 'images' | 'audio';
}

/** What an answer is made of. */
export type Answer = TextAnswer | VideoAnswer | OpaqueAnswer;

/**
 * What a response said and when. Times are run nanoseconds, NaN where there was no such event; an event's time is that of the read which
 * brought its first byte, and the time of a response that is not a stream is that of its last read.
 *
 * A *content event* carries a part of the answer: text, reasoning, a piece of a tool call, or the whole of an answer of another kind.
 * Role-only and empty deltas, usage chunks and `[DONE]` do not count.
 */
export interface ParsedResponse<A extends Answer = Answer> {
  readonly answer: A;
  /** Times of the content events; the first `contentEventCount` entries are valid. */
  readonly contentTimesNs: Float64Array;
  /** Read that brought each content event: events with the same read share a time that is only an upper bound. */
  readonly contentReadIndexes: Uint32Array;
  readonly contentEventCount: number;
  /** Most content events that came with one read. */
  readonly maxContentEventsPerRead: number;
  /** All events with data, `[DONE]` included; 1 for a response that is not a stream. */
  readonly eventCount: number;
  readonly firstContentNs: number;
  readonly firstReasoningNs: number;
  /** First content that is not reasoning. */
  readonly firstOutputNs: number;
  readonly lastContentNs: number;
  /** Last event of any kind but `[DONE]`. */
  readonly lastEventNs: number;
  /** Of the first choice. */
  readonly finishReason: string | undefined;
  /** The last one that was not null, as AIPerf takes it. llama.cpp reports each choice of n > 1 by itself. */
  readonly usage: TokenUsage | undefined;
  /** Completion tokens as reported with the first content event; NaN unless the server reports usage with every chunk. */
  readonly firstContentTokens: number;
  /** The last that was reported. */
  readonly specDecoding: SpecDecoding | undefined;
  /** `[DONE]` was seen. */
  readonly sawDone: boolean;
  /** Why the request counts as failed, from the transport, the status or the content. */
  readonly error: RequestError | undefined;
}

/** The text of an answer, which is what the next turn of a session is told; empty for one that is none. */
export function answerText(answer: Answer): string {
  return answer.kind === 'text' ? answer.text : '';
}
