import type { Timeline } from '@aiperf/records';
import type { ResponseParser } from './endpoint.ts';
import { hasContent, NO_NEWS, type EventNews } from './event-news.ts';
import { isEventStream, namesEventStream } from './event-stream.ts';
import { isObject, type JsonObject } from './json.ts';
import type { ParsedResponse, TextAnswer } from './parsed-response.ts';
import { ResponseBuilder } from './response-builder.ts';
import { httpStatusError, inBandError, invalidResponse } from './response-error.ts';
import { SseScanner } from './sse-scanner.ts';

/** What the answers of one API look like: all that the parser must be told. */
export interface TextFormat {
  /** What a whole answer is, for messages: `a chat completion object`. */
  readonly answerName: string;
  /** Reads an event of a stream or a whole answer. */
  newsOf(object: JsonObject): EventNews;
}

/** An event that was read and says something. */
export interface ReadEvent {
  readonly object: JsonObject;
  /** The event's data. */
  readonly text: string;
  readonly news: EventNews;
}

/**
 * Reads answers of text, streamed or whole, in the plainest way: every event goes through `JSON.parse`. The steps are public so that a
 * fast path can be put around them; {@link parseResponse} shows how they follow on each other.
 */
export class TextParser implements ResponseParser<TextAnswer> {
  readonly scanner: SseScanner = new SseScanner();
  readonly result: ResponseBuilder = new ResponseBuilder();
  readonly #format: TextFormat;
  /** The content type of the last response that was a stream by its content type. */
  #streamContentType: string | undefined = undefined;

  constructor(format: TextFormat) {
    this.#format = format;
  }

  parseResponse(record: { readonly timeline: Timeline }): ParsedResponse<TextAnswer> {
    const { timeline } = record;
    if (this.begin(timeline)) {
      while (this.scanner.next()) this.readEvent(timeline);
      this.endStream(timeline);
    }
    return this.finish();
  }

  /** Begins a response. False: it is no stream of events, and has been read. */
  begin(timeline: Timeline): boolean {
    const result = this.result;
    result.reset();
    result.error = timeline.error;
    if (result.error === undefined && (timeline.status < 200 || timeline.status > 299)) {
      result.error = httpStatusError(timeline);
      return false;
    }
    if (!this.#isStream(timeline)) {
      this.#readWhole(timeline);
      return false;
    }
    this.scanner.reset(timeline);
    return true;
  }

  /** Reads the event that the scanner is at. `undefined`: it says nothing, or cannot be read. */
  readEvent(timeline: Timeline): ReadEvent | undefined {
    const { scanner, result } = this;
    const readIndex = scanner.readIndexAt(scanner.eventStart);
    const timeNs = timeline.readNs[readIndex] ?? Number.NaN;
    const text = scanner.data.toString('utf8', scanner.dataStart, scanner.dataEnd);
    result.eventCount++;
    if (text === '[DONE]' || text.trim() === '[DONE]') {
      result.sawDone = true;
      return undefined;
    }
    result.lastEventNs = timeNs;
    let object: unknown;
    try {
      object = JSON.parse(text);
    } catch {
      this.#readBadEvent(text);
      return undefined;
    }
    if (scanner.eventName === 'error') {
      result.error ??= inBandError(object);
      return undefined;
    }
    // llama.cpp begins some streams with `data: null`.
    if (!isObject(object)) return undefined;
    const news = this.#format.newsOf(object);
    this.add(news, timeNs, readIndex);
    return { object, text, news };
  }

  /** Takes what an event says over into the result. */
  add({ error, usage, specDecoding, choices }: EventNews, timeNs: number, readIndex: number): void {
    const result = this.result;
    result.error ??= error;
    result.usage = usage ?? result.usage;
    result.specDecoding = specDecoding ?? result.specDecoding;
    let hasReasoning = false;
    let hasOutput = false;
    for (const { index, finishReason, output } of choices) {
      const choice = result.choice(index);
      choice.finishReason = finishReason ?? choice.finishReason;
      const isOutput = output.text !== '' || output.toolCallText !== '';
      if (!isOutput && output.reasoningText === '') continue;
      choice.text += output.text;
      choice.reasoningText += output.reasoningText;
      choice.toolCallText += output.toolCallText;
      hasOutput ||= isOutput;
      hasReasoning ||= output.reasoningText !== '';
    }
    if (!hasOutput && !hasReasoning) return;
    if (result.contentEventCount === 0) result.firstContentTokens = usage?.completionTokens ?? Number.NaN;
    result.addContentEvent(timeNs, readIndex, hasReasoning, hasOutput);
  }

  /** There is no further event. */
  endStream(timeline: Timeline): void {
    const result = this.result;
    if (result.sawDone || result.isFinished) return;
    if (result.eventCount === 0 && timeline.bodyLength > 0) {
      // Announced as a stream and yet without an event: some servers send their errors so.
      this.#readWhole(timeline);
      return;
    }
    result.error ??= {
      code: 'stream_cut',
      type: 'StreamCut',
      message: `The stream ended after ${result.eventCount} events without a finish reason and without [DONE].`,
    };
  }

  /** Ends a response, which is whole now. */
  finish(): ParsedResponse<TextAnswer> {
    const result = this.result;
    result.finish();
    if (result.error === undefined && result.contentEventCount === 0) {
      result.error = {
        code: 'empty_output',
        type: 'EmptyOutput',
        message: 'The response is complete but has no output.',
      };
    }
    return result;
  }

  #isStream(timeline: Timeline): boolean {
    // Lower case for every response would cost as much as finding its events.
    if (timeline.contentType === this.#streamContentType) return true;
    const isStream = isEventStream(timeline);
    if (isStream && namesEventStream(timeline)) this.#streamContentType = timeline.contentType;
    return isStream;
  }

  #readWhole(timeline: Timeline): void {
    const result = this.result;
    const text = Buffer.from(timeline.body.buffer, timeline.body.byteOffset, timeline.bodyLength).toString();
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      result.error ??= invalidResponse('Expected a JSON body.', text);
      return;
    }
    const readIndex = timeline.readCount - 1;
    const timeNs = timeline.readNs[readIndex] ?? timeline.endNs;
    result.eventCount = 1;
    result.lastEventNs = timeNs;
    if (!isObject(body)) {
      result.error ??= invalidResponse(`Expected ${this.#format.answerName}.`, text);
      return;
    }
    this.add(this.#format.newsOf(body), timeNs, Math.max(readIndex, 0));
  }

  #readBadEvent(text: string): void {
    const result = this.result;
    if (this.scanner.eventName === 'error') {
      result.error ??= inBandError(text);
      return;
    }
    // An event without its blank line is what a cut leaves: the missing finish reason then tells it.
    if (this.scanner.terminated) result.error ??= invalidResponse('Expected JSON in an event.', text);
  }
}

/** A test whether an event's data carries output. Role-only and empty deltas, usage, errors and `[DONE]` do not. */
export function contentTestOf(format: TextFormat): (data: string) => boolean {
  return (data) => {
    let event: unknown;
    try {
      event = JSON.parse(data);
    } catch {
      return false;
    }
    return hasContent(isObject(event) ? format.newsOf(event) : NO_NEWS);
  };
}
