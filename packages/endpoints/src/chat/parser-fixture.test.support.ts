import { appendRead, createTimeline } from '@aiperf/records';
import type { Timeline } from '@aiperf/records';
import type { ResponseParser } from '../endpoint.ts';
import { withFastPath } from '../fast-path/with-fast-path.ts';
import type { ParsedResponse, TextAnswer } from '../parsed-response.ts';
import { TextParser } from '../text-parser.ts';
import { CHAT_FORMAT, CHAT_RECOGNISER } from './chat-news.ts';

/** Reads chat as a run does, and in the plainest way. For tests. */
export const fastParser = (): ResponseParser<TextAnswer> => withFastPath(plainParser(), CHAT_RECOGNISER);
export const plainParser = (): TextParser => new TextParser(CHAT_FORMAT);

/** A finished exchange with a 200 event stream; each read comes a microsecond after the one before. For tests. */
export function streamTimeline(reads: readonly (string | Uint8Array)[], more: Partial<Timeline> = {}): Timeline {
  const timeline = createTimeline();
  for (const [i, read] of reads.entries()) {
    appendRead(timeline, 1000 * (i + 1), typeof read === 'string' ? Buffer.from(read) : read);
  }
  return Object.assign(timeline, {
    status: 200,
    statusText: 'OK',
    contentType: 'text/event-stream; charset=utf-8',
    startNs: 0,
    endNs: 1000 * (reads.length + 1),
    ...more,
  });
}

/** One event of a chat stream. For tests. */
export function chunk(delta: unknown, more: object = {}, choice: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: null, ...choice }];
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices, ...more })}\n\n`;
}

/** The usual last events. For tests. */
export const FINISH: string = chunk({}, {}, { finish_reason: 'stop' });
export const DONE = 'data: [DONE]\n\n';

/** A result with its arrays cut to what is valid, to be compared and kept. For tests. */
export function snapshot(response: ParsedResponse): object {
  const count = response.contentEventCount;
  return {
    answer: { ...response.answer },
    contentTimesNs: [...response.contentTimesNs.subarray(0, count)],
    contentReadIndexes: [...response.contentReadIndexes.subarray(0, count)],
    contentEventCount: count,
    maxContentEventsPerRead: response.maxContentEventsPerRead,
    eventCount: response.eventCount,
    firstContentNs: response.firstContentNs,
    firstReasoningNs: response.firstReasoningNs,
    firstOutputNs: response.firstOutputNs,
    lastContentNs: response.lastContentNs,
    lastEventNs: response.lastEventNs,
    finishReason: response.finishReason,
    usage: response.usage,
    firstContentTokens: response.firstContentTokens,
    specDecoding: response.specDecoding,
    sawDone: response.sawDone,
    error: response.error,
  };
}
