import { EventEdge } from './content-template.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LAST_CONTROL = 0x1f;
const LAST_ASCII = 0x7e;
const LINE_FEED = 0x0a;

/** Beginnings of an event whose id is the first thing it says, as servers write it. */
const HEADS = ['data: {"id":"', 'data: {"id": "'].map((head) => new EventEdge(Buffer.from(head)));
const LONGEST_HEAD_BYTES = 14;

/** Events remembered one after the other; a stream whose events all differ would make the chain as long as itself. */
const MAX_DEPTH = 8;
/** Replacements of one place without a match, after which only every 16th is made: there the events differ from response to response. */
const MAX_USELESS = 4;
const RETRY_MASK = 15;

/**
 * An event that was read before, and what came after it. The id differs from response to response and says nothing about one;
 * the bytes from its closing quote to the end of the blank line decide what the event means.
 */
export class KnownEvent<News> {
  readonly news: News;
  /** The event that followed this one last time. */
  next: KnownEvent<News> | undefined = undefined;
  readonly tail: EventEdge;
  readonly depth: number;
  /** Times that another event than {@link next} followed, since {@link next} last did. */
  missCount = 0;

  constructor(news: News, tail: EventEdge, depth: number) {
    this.news = news;
    this.tail = tail;
    this.depth = depth;
  }
}

/** Where the tail of the event at `start` begins, its id's closing quote; -1 for an event that does not begin with a plain ASCII id. */
function tailStartOf(body: Uint8Array, view: DataView, start: number, end: number): number {
  if (start + LONGEST_HEAD_BYTES > end) return -1;
  for (const head of HEADS) {
    if (!head.matches(body, view, start)) continue;
    for (let i = start + head.length; i < end; i++) {
      const byte = body[i] ?? 0;
      if (byte === QUOTE) return i;
      // An escape or a byte beyond ASCII might be wrong, which makes the whole event wrong.
      if (byte <= LAST_CONTROL || byte > LAST_ASCII || byte === BACKSLASH) return -1;
    }
    return -1;
  }
  return -1;
}

/**
 * The events that responses have in common: role, finish reason and usage, often the only token. A response is followed along the events
 * of those before it, each looked for only after the one that it followed then.
 */
export class KnownEvents<News> {
  /** What the first event of a response follows. */
  readonly #start: KnownEvent<News>;
  /** What an event follows that came after one that is not known. */
  readonly #afterUnknown: KnownEvent<News>;
  #last: KnownEvent<News>;
  /** After {@link match}: the byte after the event. */
  end = 0;

  constructor(noNews: News) {
    const noTail = new EventEdge(new Uint8Array(0));
    this.#start = new KnownEvent(noNews, noTail, 0);
    this.#afterUnknown = new KnownEvent(noNews, noTail, 0);
    this.#last = this.#start;
  }

  /** A response begins. */
  reset(): void {
    this.#last = this.#start;
  }

  /** What the event at `start` says, when it is known. */
  match(body: Uint8Array, view: DataView, start: number, limit: number): News | undefined {
    const known = this.#last.next;
    if (known === undefined) return undefined;
    const tailStart = tailStartOf(body, view, start, limit);
    if (tailStart < 0 || tailStart + known.tail.length > limit) return undefined;
    if (!known.tail.matches(body, view, tailStart)) return undefined;
    this.#last.missCount = 0;
    this.#last = known;
    this.end = tailStart + known.tail.length;
    return known.news;
  }

  /** An event was read that {@link match} did not know. `news` is undefined for one that cannot be remembered. */
  add(body: Uint8Array, view: DataView, start: number, end: number, news: News | undefined): void {
    const last = this.#last;
    this.#last = this.#afterUnknown;
    if (news === undefined || last.depth === MAX_DEPTH) return;
    last.missCount++;
    if (last.missCount > MAX_USELESS && (last.missCount & RETRY_MASK) !== 0) return;
    if (body[end - 1] !== LINE_FEED || body[end - 2] !== LINE_FEED) return;
    const tailStart = tailStartOf(body, view, start, end);
    if (tailStart < 0) return;
    const event = new KnownEvent<News>(news, new EventEdge(body.subarray(tailStart, end)), last.depth + 1);
    // Where only the token differs, what comes after it does not.
    event.next = last.next?.next;
    last.next = event;
    this.#last = event;
  }

  /** Events were read elsewhere. */
  skip(): void {
    this.#last = this.#afterUnknown;
  }
}
