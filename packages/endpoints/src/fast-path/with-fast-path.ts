import { isUtf8 } from 'node:buffer';
import type { Timeline } from '@aiperf/records';
import type { ResponseParser } from '../endpoint.ts';
import { NO_NEWS, type EventNews } from '../event-news.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { ParsedResponse, TextAnswer } from '../parsed-response.ts';
import type { ReadEvent, TextParser } from '../text-parser.ts';
import { EventEdge, findContentLiteral, LiteralText, type ContentKind } from './content-template.ts';
import { KnownEvents } from './known-events.ts';

/** An event whose only news is one piece of text. */
export interface PlainEvent {
  readonly kind: ContentKind;
  readonly choiceIndex: number;
  readonly content: string;
}

/** What a fast path must be told of an API beyond what its plain parser knows. */
export interface Recogniser {
  /** The event as one piece of text, or undefined when it says anything else that counts: finish reason, usage, tool call, error. */
  plainEventOf(event: JsonObject): PlainEvent | undefined;
  /** Names under which an event may hold its text, by what that text is. */
  readonly contentKeys: Readonly<Record<ContentKind, readonly string[]>>;
}

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
 * A parser that gives what `plain` gives, sooner. Most events of a stream differ in one short string: after such an event was read by the
 * plain parser, the bytes before and after its string are remembered, and later events that match them are read by taking the string
 * alone. Events that responses have in common but for their id are remembered from one response to the next. Everything else, and every
 * response that is not a stream, is left to the plain parser, which belongs to the result from then on.
 */
export function withFastPath(plain: TextParser, recogniser: Recogniser): ResponseParser<TextAnswer> {
  return new FastPath(plain, recogniser);
}

class FastPath implements ResponseParser<TextAnswer> {
  readonly #plain: TextParser;
  readonly #recogniser: Recogniser;
  readonly #literals = new LiteralText();
  readonly #known = new KnownEvents<EventNews>(NO_NEWS);
  #template: Template | undefined = undefined;
  #templateUses = 0;
  #uselessTemplates = 0;

  constructor(plain: TextParser, recogniser: Recogniser) {
    this.#plain = plain;
    this.#recogniser = recogniser;
  }

  parseResponse(record: { readonly timeline: Timeline }): ParsedResponse<TextAnswer> {
    const { timeline } = record;
    const plain = this.#plain;
    if (plain.begin(timeline)) {
      this.#readStream(timeline);
      plain.endStream(timeline);
    }
    return plain.finish();
  }

  #readStream(timeline: Timeline): void {
    const plain = this.#plain;
    this.#literals.reset(timeline.bodyLength);
    this.#template = undefined;
    this.#uselessTemplates = 0;
    this.#known.reset();
    const view = new DataView(timeline.body.buffer, timeline.body.byteOffset, timeline.bodyLength);
    for (;;) {
      if (this.#template !== undefined) this.#readAlike(this.#template, timeline, view);
      if (this.#readKnown(timeline, view)) continue;
      if (!plain.scanner.next()) break;
      // The literals gathered so far come before the text of this event.
      this.#flushLiterals();
      const event = plain.readEvent(timeline);
      if (event === undefined) continue;
      this.#remember(event.news, timeline, view);
      // Not before the second one: learning costs more than an event, and many streams are short.
      const isWorthwhile = plain.result.contentEventCount > 1 && this.#uselessTemplates < MAX_USELESS_TEMPLATES;
      if (isWorthwhile) this.#learn(event, timeline);
    }
    this.#flushLiterals();
  }

  /** Reads as many events as match the template. This loop decides what parsing costs: nothing in it may allocate. */
  #readAlike(template: Template, timeline: Timeline, view: DataView): void {
    const { scanner, result } = this.#plain;
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
    const plain = this.#plain;
    const { scanner, result } = plain;
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
    this.#flushLiterals();
    const readIndex = scanner.readIndexAt(start);
    const timeNs = timeline.readNs[readIndex] ?? Number.NaN;
    result.eventCount++;
    result.lastEventNs = timeNs;
    scanner.position = this.#known.end;
    plain.add(news, timeNs, readIndex);
    return true;
  }

  #remember(news: EventNews, timeline: Timeline, view: DataView): void {
    const { scanner } = this.#plain;
    // The words of an error may hold the id. An event of one line is its data alone.
    const isPlain = news.error === undefined && scanner.terminated && scanner.lineCount === 1;
    // The last line feed of a body may be missing all the same: the scanner's position is then beyond its end.
    const end = Math.min(scanner.position, timeline.bodyLength);
    this.#known.add(timeline.body, view, scanner.eventStart, end, isPlain ? news : undefined);
  }

  #learn({ object, text }: ReadEvent, timeline: Timeline): void {
    const { scanner } = this.#plain;
    const recogniser = this.#recogniser;
    if (!scanner.terminated || scanner.lineCount !== 1 || scanner.position >= timeline.bodyLength) return;
    const plainEvent = recogniser.plainEventOf(object);
    if (plainEvent === undefined) return;
    const eventBytes = timeline.body.subarray(scanner.eventStart, scanner.position);
    // Offsets in the text are offsets in the bytes only when nothing was replaced by decoding.
    if (!isUtf8(eventBytes)) return;
    const { kind, choiceIndex, content } = plainEvent;
    const literal = findContentLiteral(text, recogniser.contentKeys[kind], content, (probed) => {
      const other = isObject(probed) ? recogniser.plainEventOf(probed) : undefined;
      return other?.kind === kind ? other.content : undefined;
    });
    if (literal === undefined) return;
    const jsonStart = scanner.dataStart - scanner.eventStart;
    const literalStart = jsonStart + Buffer.byteLength(text.slice(0, literal.start));
    const suffixLength = Buffer.byteLength(text.slice(literal.end)) + scanner.position - scanner.dataEnd;
    this.#uselessTemplates = this.#template === undefined || this.#templateUses > 0 ? 0 : this.#uselessTemplates + 1;
    this.#templateUses = 0;
    this.#template = {
      kind,
      choiceIndex,
      prefix: new EventEdge(eventBytes.subarray(0, literalStart)),
      suffix: new EventEdge(eventBytes.subarray(eventBytes.length - suffixLength)),
    };
  }

  /** Gives the gathered literals, all of one template, to their choice. */
  #flushLiterals(): void {
    if (this.#literals.isEmpty || this.#template === undefined) return;
    const choice = this.#plain.result.choice(this.#template.choiceIndex);
    const text = this.#literals.flush();
    if (this.#template.kind === 'text') choice.text += text;
    else choice.reasoningText += text;
  }
}
