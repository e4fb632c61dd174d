import { CreditRow } from './request-columns.ts';
import { Timeline } from './timeline.ts';

/** A warm-up's requests are rows of the record file that take part in no result of the profiling phases. */
export type PhaseKind = 'warmup' | 'profiling';

/** One finished request as the worker knows it: which credit it used and what happened on the wire. All times in run nanoseconds. */
export class RequestRecord extends CreditRow {
  /** The server's texts in the request, one for each turn before this one; their tokens are counted later. Empty for a first turn. */
  historyReplies: readonly string[] = NO_REPLIES;
  /** Stamps the same row. */
  readonly timeline: Timeline = new Timeline(this.numbers);

  /** Another record with the same values; bytes and reads are shared. A spread would lose the numbers, which are accessors. */
  copy(): RequestRecord {
    const { numbers: _, ...held } = this.timeline;
    const copy = new RequestRecord();
    copy.numbers.set(this.numbers);
    copy.historyReplies = this.historyReplies;
    Object.assign(copy.timeline, held);
    return copy;
  }
}

/** Of every first turn. */
export const NO_REPLIES: readonly string[] = [];
