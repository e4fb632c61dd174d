import { isUtf8 } from 'node:buffer';
import { SseScanner } from '../sse-scanner.ts';
import type { Timeline } from '@aiperf/records';
import { REASONING_KEYS } from './chat-delta.ts';
import { newsOf, NO_NEWS, plainEventOf, type ChatNews } from './chat-news.ts';
import { EventEdge, findContentLiteral, LiteralText, type ContentKind } from '../content-template.ts';
import type { ResponseParser } from '../endpoint.ts';
import { isObject, type JsonObject } from '../json.ts';
import { KnownEvents } from '../known-events.ts';
import type { ParsedResponse } from '../parsed-response.ts';
import { ResponseBuilder } from '../response-builder.ts';
import { httpStatusError, inBandError, invalidResponse } from '../response-error.ts';

/** An event like the known one: equal up to the content literal and after it. */
interface Template {
  readonly kind: ContentKind;
  readonly choiceIndex: number;
  /** From the event's first byte to the literal's opening quote. */
  readonly prefix: EventEdge;
  /** From the literal's closing quote to the end of the blank line. */
  readonly suffix: EventEdge;
}

/** Templates made for one response without a single use, after which the response is taken to have no regular events. */
const MAX_USELESS_TEMPLATES = 3;

const DONE = new EventEdge(Buffer.from('data: [DONE]\n\n'));

/**
 * Reads chat completions, streamed or whole.
 *
 * Most events of a stream differ in one short string. After such an event was read by `JSON.parse`, the bytes before and after its string
 * are remembered, and later events that match them are read by taking the string alone. Events that responses have in common but for
 * their id are remembered from one response to the next. Everything else goes through `JSON.parse`; results are the same either way.
 */
export class ChatParser implements ResponseParser {
  readonly #scanner = new SseScanner();
  readonly #result = new ResponseBuilder();
  readonly #literals = new LiteralText();
  readonly #known = new KnownEvents(NO_NEWS);
  readonly #usesTemplates: boolean;
  #template: Template | undefined = undefined;
  #templateUses = 0;
  /** The content type of the last response that was a stream by its content type. */
  #streamContentType: string | undefined = undefined;
  #uselessTemplates = 0;

  constructor(options: { readonly usesTemplates?: boolean } = {}) {
    this.#usesTemplates = options.usesTemplates ?? true;
  }

  parseResponse(record: { readonly timeline: Timeline }): ParsedResponse {
    const { timeline } = record;
    const result = this.#result;
    result.reset();
    result.error = timeline.error;
    if (result.error === undefined && (timeline.status < 200 || timeline.status > 299)) {
      result.error = httpStatusError(timeline);
      return result;
    }
    if (this.#isStream(timeline)) this.#parseStream(timeline);
    else this.#parseWhole(timeline);
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

  #parseWhole(timeline: Timeline): void {
    const result = this.#result;
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
      result.error ??= invalidResponse('Expected a chat completion object.', text);
      return;
    }
    this.#add(newsOf(body), timeNs, Math.max(readIndex, 0));
  }

  #parseStream(timeline: Timeline): void {
    const scanner = this.#scanner;
    const result = this.#result;
    scanner.reset(timeline);
    this.#literals.reset(timeline.bodyLength);
    this.#template = undefined;
    this.#uselessTemplates = 0;
    this.#known.reset();
    const view = new DataView(timeline.body.buffer, timeline.body.byteOffset, timeline.bodyLength);
    for (;;) {
      if (this.#template !== undefined) this.#readAlike(this.#template, timeline, view);
      if (this.#usesTemplates && this.#readKnown(timeline, view)) continue;
      if (!scanner.next()) break;
      this.#readEvent(timeline, view);
    }
    this.#flushLiterals();
    if (result.sawDone || result.isFinished) return;
    if (result.eventCount === 0 && timeline.bodyLength > 0) {
      // Announced as a stream and yet without an event: some servers send their errors so.
      this.#parseWhole(timeline);
      return;
    }
    result.error ??= {
      code: 'stream_cut',
      type: 'StreamCut',
      message: `The stream ended after ${result.eventCount} events without a finish reason and without [DONE].`,
    };
  }

  /** Reads as many events as match the template. This loop decides what parsing costs: nothing in it may allocate. */
  #readAlike(template: Template, timeline: Timeline, view: DataView): void {
    const scanner = this.#scanner;
    const result = this.#result;
    const literals = this.#literals;
    const { prefix, suffix } = template;
    const { body, bodyLength } = timeline;
    const lastStart = bodyLength - prefix.length - suffix.length;
    const isReasoning = template.kind === 'reasoning';
    let start = scanner.position;
    let matchCount = 0;
    while (start <= lastStart && prefix.matches(body, view, start)) {
      const taken = literals.take(body, start + prefix.length, bodyLength);
      if (taken < 0) break;
      const end = literals.end;
      if (end + suffix.length > bodyLength || !suffix.matches(body, view, end)) {
        literals.drop(taken);
        break;
      }
      const readIndex = scanner.readIndexAt(start);
      const timeNs = timeline.readNs[readIndex] ?? Number.NaN;
      matchCount++;
      if (taken > 0) result.addContentEvent(timeNs, readIndex, isReasoning, !isReasoning);
      result.lastEventNs = timeNs;
      start = end + suffix.length;
    }
    scanner.position = start;
    if (matchCount === 0) return;
    result.eventCount += matchCount;
    this.#templateUses += matchCount;
    this.#known.skip();
  }

  /** Reads the next event when it is one that another response had as well. */
  #readKnown(timeline: Timeline, view: DataView): boolean {
    const scanner = this.#scanner;
    const result = this.#result;
    const start = scanner.position;
    if (start + DONE.length <= timeline.bodyLength && DONE.matches(timeline.body, view, start)) {
      result.eventCount++;
      result.sawDone = true;
      scanner.position = start + DONE.length;
      this.#known.skip();
      return true;
    }
    const news = this.#known.match(timeline.body, view, start, timeline.bodyLength);
    if (news === undefined) return false;
    const readIndex = scanner.readIndexAt(start);
    const timeNs = timeline.readNs[readIndex] ?? Number.NaN;
    result.eventCount++;
    result.lastEventNs = timeNs;
    scanner.position = this.#known.end;
    this.#add(news, timeNs, readIndex);
    return true;
  }

  #readEvent(timeline: Timeline, view: DataView): void {
    const scanner = this.#scanner;
    const result = this.#result;
    const readIndex = scanner.readIndexAt(scanner.eventStart);
    const timeNs = timeline.readNs[readIndex] ?? Number.NaN;
    const text = scanner.data.toString('utf8', scanner.dataStart, scanner.dataEnd);
    result.eventCount++;
    if (text === '[DONE]' || text.trim() === '[DONE]') {
      result.sawDone = true;
      return;
    }
    result.lastEventNs = timeNs;
    let event: unknown;
    try {
      event = JSON.parse(text);
    } catch {
      this.#readBadEvent(text);
      return;
    }
    if (scanner.eventName === 'error') {
      result.error ??= inBandError(event);
      return;
    }
    // llama.cpp begins some streams with `data: null`.
    if (!isObject(event)) return;
    const news = newsOf(event);
    this.#add(news, timeNs, readIndex);
    if (this.#usesTemplates) this.#remember(news, timeline, view);
    // Not before the second one: learning costs more than an event, and many streams are short.
    const isWorthwhile = result.contentEventCount > 1 && this.#uselessTemplates < MAX_USELESS_TEMPLATES;
    if (this.#usesTemplates && isWorthwhile) this.#learn(event, text, timeline);
  }

  #readBadEvent(text: string): void {
    const result = this.#result;
    if (this.#scanner.eventName === 'error') {
      result.error ??= inBandError(text);
      return;
    }
    // An event without its blank line is what a cut leaves: the missing finish reason then tells it.
    if (this.#scanner.terminated) result.error ??= invalidResponse('Expected JSON in an event.', text);
  }

  #add({ error, usage, specDecoding, choices }: ChatNews, timeNs: number, readIndex: number): void {
    const result = this.#result;
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
      // The literals gathered so far come before this text.
      this.#flushLiterals();
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

  #remember(news: ChatNews, timeline: Timeline, view: DataView): void {
    const scanner = this.#scanner;
    // The words of an error may hold the id. An event of one line is its data alone.
    const isPlain = news.error === undefined && scanner.terminated && scanner.lineCount === 1;
    // The last line feed of a body may be missing all the same: the scanner's position is then beyond its end.
    const end = Math.min(scanner.position, timeline.bodyLength);
    this.#known.add(timeline.body, view, scanner.eventStart, end, isPlain ? news : undefined);
  }

  #learn(event: JsonObject, text: string, timeline: Timeline): void {
    const scanner = this.#scanner;
    if (!scanner.terminated || scanner.lineCount !== 1 || scanner.position >= timeline.bodyLength) return;
    const plain = plainEventOf(event);
    if (plain === undefined) return;
    const eventBytes = timeline.body.subarray(scanner.eventStart, scanner.position);
    // Offsets in the text are offsets in the bytes only when nothing was replaced by decoding.
    if (!isUtf8(eventBytes)) return;
    const keys = plain.kind === 'text' ? ['content'] : REASONING_KEYS;
    const literal = findContentLiteral(text, keys, plain.content, (probed) => {
      const other = isObject(probed) ? plainEventOf(probed) : undefined;
      return other?.kind === plain.kind ? other.content : undefined;
    });
    if (literal === undefined) return;
    const jsonStart = scanner.dataStart - scanner.eventStart;
    const literalStart = jsonStart + Buffer.byteLength(text.slice(0, literal.start));
    const suffixLength = Buffer.byteLength(text.slice(literal.end)) + scanner.position - scanner.dataEnd;
    this.#flushLiterals();
    this.#uselessTemplates = this.#template === undefined || this.#templateUses > 0 ? 0 : this.#uselessTemplates + 1;
    this.#templateUses = 0;
    this.#template = {
      kind: plain.kind,
      choiceIndex: plain.choiceIndex,
      prefix: new EventEdge(eventBytes.subarray(0, literalStart)),
      suffix: new EventEdge(eventBytes.subarray(eventBytes.length - suffixLength)),
    };
  }

  /** Gives the gathered literals, all of one template, to their choice. */
  #flushLiterals(): void {
    if (this.#literals.isEmpty || this.#template === undefined) return;
    const choice = this.#result.choice(this.#template.choiceIndex);
    const text = this.#literals.flush();
    if (this.#template.kind === 'text') choice.text += text;
    else choice.reasoningText += text;
  }
}

/** By content type; a server that names neither JSON nor a stream is judged by the first bytes. */
export function isEventStream(timeline: Timeline): boolean {
  if (namesEventStream(timeline)) return true;
  const contentType = timeline.contentType.toLowerCase();
  if (contentType.includes('json') || contentType.includes('html')) return false;
  const { body, bodyLength } = timeline;
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(bodyLength, 256)).toString().trimStart();
  return /^\uFEFF?(?:data|event|id|retry)?:/u.test(start);
}

function namesEventStream({ contentType }: Timeline): boolean {
  return contentType.toLowerCase().includes('text/event-stream');
}
