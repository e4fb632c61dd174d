import type { Timeline } from './timeline.ts';

/** A warm-up's requests are rows of the record file that take part in no result of the profiling phases. */
export type PhaseKind = 'warmup' | 'profiling';

/** One finished request as the worker knows it: which credit it used and what happened on the wire. All times in run nanoseconds. */
export interface RequestRecord {
  readonly creditId: number;
  readonly phaseIndex: number;
  readonly sessionNumber: number;
  readonly conversationIndex: number;
  readonly turnIndex: number;
  /** When the right to send existed: the credit's issue, or the moment its slot became free where credits are leased ahead. */
  readonly creditIssuedNs: number;
  /** NaN in a closed loop. */
  readonly dueNs: number;
  /** From the end of the slot's previous request to this one's start; NaN for a slot's first request and in an open loop. */
  readonly turnaroundNs: number;
  readonly cancelled: boolean;
  /** The request was to be cancelled this long after it was completely written; NaN: it was not. `timeline.endNs` says when it was. */
  readonly cancelAfterNs: number;
  /** Tokens of the user's texts in the request, from the dataset store: this turn's and those of the turns before it. */
  readonly inputTokens: number;
  /** The server's texts in the request, one for each turn before this one; their tokens are counted later. Empty for a first turn. */
  readonly historyReplies: readonly string[];
  /** NaN: none was asked for. */
  readonly maxOutputTokens: number;
  readonly timeline: Timeline;
}
