import type { Endpoint } from '@aiperf/endpoints';
import { SseScanner } from '@aiperf/endpoints';
import type { Timeline } from '@aiperf/records';

/** Where the search in one response has got to. */
export interface FirstContentSearch {
  /** Body bytes before this are events that were looked at. */
  position: number;
  /** Body bytes before this hold no end of an event after `position`. */
  searchedBytes: number;
}

/** Ends of an event, by the line end in use. */
const BLANK_LINES: readonly Buffer[] = ['\n\n', '\r\n\r\n', '\r\r'].map((text) => Buffer.from(text));
const LONGEST_BLANK_LINE_BYTES = 4;

/**
 * Finds the first content event of a stream while it arrives. Every event is looked at once, when it is complete, and none after the
 * first one with content.
 */
export class FirstContentFinder {
  readonly #endpoint: Pick<Endpoint, 'isStream' | 'isContentEvent'>;
  readonly #scanner = new SseScanner();

  constructor(endpoint: Pick<Endpoint, 'isStream' | 'isContentEvent'>) {
    this.#endpoint = endpoint;
  }

  /**
   * Looks at what has come since the last call. `never`: the response is none in which a first token can be seen before its end.
   */
  look(timeline: Timeline, search: FirstContentSearch): 'found' | 'not_yet' | 'never' {
    if (timeline.status < 200 || timeline.status > 299 || !this.#endpoint.isStream(timeline)) return 'never';
    const end = endOfEvents(timeline, search);
    if (end < 0) return 'not_yet';
    const scanner = this.#scanner;
    const body = timeline.body.subarray(search.position, end);
    scanner.reset({ body, bodyLength: body.length, readLengths: timeline.readLengths, readCount: 0 });
    search.position = end;
    while (scanner.next()) {
      const data = scanner.data.toString('utf8', scanner.dataStart, scanner.dataEnd);
      if (this.#endpoint.isContentEvent(data)) return 'found';
    }
    return 'not_yet';
  }
}

/** The byte after the last event that is complete, or -1 when none is beyond `search.position`. */
function endOfEvents({ body, bodyLength }: Timeline, search: FirstContentSearch): number {
  // The end of a blank line may have come with the byte after what was searched.
  const from = Math.max(search.position, search.searchedBytes - LONGEST_BLANK_LINE_BYTES);
  const tail = Buffer.from(body.buffer, body.byteOffset + from, bodyLength - from);
  search.searchedBytes = bodyLength;
  let end = -1;
  for (const blankLine of BLANK_LINES) {
    const index = tail.lastIndexOf(blankLine);
    if (index !== -1) end = Math.max(end, from + index + blankLine.length);
  }
  return end;
}
