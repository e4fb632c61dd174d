import type { RequestError, RequestNumbers } from '@aiperf/records';
import type { SpecDecoding, TokenUsage, VideoAnswer } from '@aiperf/endpoints';
import type { RequestMedia } from './request-media.ts';

/**
 * One finished request after its response was parsed and its tokens counted: all that a record metric may use. Times are run
 * nanoseconds; NaN where a point was never reached or a number is unknown. `inputTokens` are those of the request's whole text, or the
 * server's prompt tokens when its counts are used. One instance is refilled for every record.
 */
export interface ParsedRecord extends RequestNumbers {
  /** First and last socket read that brought bytes of the body. */
  firstBodyNs: number;
  lastBodyNs: number;
  /** Arrival of every content event, reasoning included, ascending; the first `contentCount` entries are valid. */
  contentNs: Float64Array;
  /** Socket read that brought each content event; events of one read share its stamp. */
  contentReadIndexes: Uint32Array;
  contentCount: number;
  /**
   * The latest moment at which the first, or the last, content event had not come yet: the read before the one that brought it, or the
   * headers. An event that came alone in its read came at its stamp; of several in one read only these bounds are known.
   */
  beforeFirstContentNs: number;
  beforeLastContentNs: number;
  /** Arrival of the first content event that is not reasoning. */
  firstOutputNs: number;
  /** Output tokens without reasoning. */
  outputTokens: number;
  reasoningTokens: number;
  /** Tokens of the first content event: 1, unless the server's counts are used and it tells them with every chunk. */
  firstContentTokens: number;
  /** What the server reported; absent fields were not reported. */
  usage: TokenUsage;
  /** Absent: the engine reported none. */
  specDecoding: SpecDecoding | undefined;
  /** Of endpoints that make videos. */
  video: VideoAnswer | undefined;
  /** Images and audio that the request carried. */
  media: RequestMedia;
  finishReason: string | undefined;
  error: RequestError | undefined;
}

/** Which records a metric is computed on. Cancelled records take part in nothing. */
export type RecordSelection = 'valid' | 'failed' | 'all';

/** No error, at least one content event, and an end after the start. */
export function isValidRecord(record: ParsedRecord): boolean {
  return (
    !record.cancelled &&
    record.error === undefined &&
    record.contentCount > 0 &&
    record.startNs >= 0 &&
    record.startNs < record.endNs
  );
}

/** Arrival of the last content event: neither `[DONE]` nor the end of the response. NaN without content. */
export function lastContentNs(record: ParsedRecord): number {
  return record.contentNs[record.contentCount - 1] ?? Number.NaN;
}

/**
 * When the request was sent for the first time. Where the server had closed the connection it was sent again, and `startNs` is the second
 * time; what lies between is the server's doing and no lateness of the client's.
 */
export function firstStartNs(record: ParsedRecord): number {
  return record.startNs - record.resendNs;
}

/**
 * When the request could have been sent: its due time, or in a closed loop when its credit and its slot were both there. Credits are
 * issued early on purpose (ahead of the due time, or as a lease for slots that are still busy), so the issue alone says nothing of a wait.
 */
export function sendableNs(record: ParsedRecord): number {
  if (!Number.isNaN(record.dueNs)) return record.dueNs;
  const slotFreeNs = firstStartNs(record) - record.turnaroundNs;
  return Number.isNaN(slotFreeNs) ? record.creditIssuedNs : Math.max(record.creditIssuedNs, slotFreeNs);
}

/** Content events that came with the same read as the first one, and as the last one. */
export function coalescedEnds(record: ParsedRecord): { readonly first: number; readonly last: number } {
  const { contentReadIndexes: reads, contentCount: count } = record;
  let first = 0;
  while (first < count && reads[first] === reads[0]) first++;
  let last = 0;
  while (last < count && reads[count - 1 - last] === reads[count - 1]) last++;
  return { first, last };
}

/** Number of socket reads that brought at least one content event. */
export function contentReadCount(record: ParsedRecord): number {
  let reads = 0;
  let previousIndex: number | undefined;
  for (let index = 0; index < record.contentCount; index++) {
    const readIndex = record.contentReadIndexes[index];
    if (readIndex !== previousIndex) reads++;
    previousIndex = readIndex;
  }
  return reads;
}
