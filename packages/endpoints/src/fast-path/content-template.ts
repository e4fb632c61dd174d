import { isUtf8 } from 'node:buffer';

/** What a template's string literal means. */
export type ContentKind = 'text' | 'reasoning';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const PROBE = '\u0001probe\u0001';

/** Where a content literal lies within one event. */
export interface ContentLiteral {
  /** First byte after the opening quote. */
  readonly start: number;
  /** The closing quote. */
  readonly end: number;
}

/**
 * Finds the string literal that gives `content` its value in an event's JSON. The proof is a trial: with another text in its place
 * `readContent` must give that text, so that the bytes around the literal decide everything else about the event.
 */
export function findContentLiteral(
  json: string,
  keys: readonly string[],
  content: string,
  readContent: (json: unknown) => string | undefined,
): ContentLiteral | undefined {
  for (const key of keys) {
    const match = new RegExp(`"${key}"\\s*:\\s*"`).exec(json);
    if (match === null) continue;
    const start = match.index + match[0].length;
    let end = start;
    while (end < json.length && json[end] !== '"') end += json[end] === '\\' ? 2 : 1;
    if (end >= json.length || parsedLiteral(json.slice(start, end)) !== content) continue;
    const probed = parsedJson(`${json.slice(0, start)}${JSON.stringify(PROBE).slice(1, -1)}${json.slice(end)}`);
    if (readContent(probed) === PROBE) return { start, end };
  }
  return undefined;
}

function parsedLiteral(literal: string): unknown {
  return parsedJson(`"${literal}"`);
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Bytes that one event's beginning and end must equal for it to differ from a known event in its content only. Comparing takes
 * 8 bytes at a time as doubles: equal doubles are equal bytes here, because valid JSON has no zero bytes (so no -0 = 0), and
 * bytes that form a NaN only make the comparison fail.
 */
export class EventEdge {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(bytes);
    this.#view = new DataView(this.#bytes.buffer);
    this.length = bytes.length;
  }

  /** Whether the bytes at `offset` are these; `offset + length` must not pass the view's end. */
  matches(body: Uint8Array, view: DataView, offset: number): boolean {
    const length = this.length;
    let i = 0;
    for (; i + 8 <= length; i += 8) {
      if (view.getFloat64(offset + i, true) !== this.#view.getFloat64(i, true)) return false;
    }
    for (; i < length; i++) if (body[offset + i] !== this.#bytes[i]) return false;
    return true;
  }
}

const SIMPLE_ESCAPES: Readonly<Record<number, number>> = {
  [QUOTE]: QUOTE,
  [BACKSLASH]: BACKSLASH,
  0x2f: 0x2f,
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
};

/**
 * Gathers the contents of string literals as bytes, so that a whole run of them is decoded at once. A literal that
 * cannot be taken this way (a `\u` escape, a control character, bytes that are not UTF-8 on their own) is refused.
 */
export class LiteralText {
  #bytes: Buffer = Buffer.allocUnsafeSlow(4096);
  #length = 0;
  #hasNonAscii = false;
  /** End of the literal that {@link take} took: its closing quote. */
  end = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** Makes room for every literal of a body of this length. */
  reset(bodyLength: number): void {
    if (this.#bytes.length < bodyLength) this.#bytes = Buffer.allocUnsafeSlow(bodyLength * 2);
    this.#length = 0;
    this.#hasNonAscii = false;
  }

  /** Takes the literal that begins at `start`; -1 when it is refused, otherwise the number of bytes it gave. */
  take(body: Uint8Array, start: number, limit: number): number {
    const bytes = this.#bytes;
    const from = this.#length;
    let to = from;
    let allBits = 0;
    let i = start;
    for (; i < limit; i++) {
      let byte = body[i] ?? 0;
      if (byte === QUOTE) break;
      if (byte < FIRST_PRINTABLE) return -1;
      if (byte === BACKSLASH) {
        const unescaped = SIMPLE_ESCAPES[body[++i] ?? 0];
        if (unescaped === undefined) return -1;
        byte = unescaped;
      }
      allBits |= byte;
      bytes[to++] = byte;
    }
    if (i >= limit) return -1;
    // Each literal must be valid by itself, or joining two would mend a character that a single event does not hold.
    if (allBits > 0x7f) {
      if (!isUtf8(bytes.subarray(from, to))) return -1;
      this.#hasNonAscii = true;
    }
    this.#length = to;
    this.end = i;
    return to - from;
  }

  /** Forgets the last `count` bytes. */
  drop(count: number): void {
    this.#length -= count;
  }

  /** Decodes what was gathered and begins anew. */
  flush(): string {
    const text = this.#bytes.toString(this.#hasNonAscii ? 'utf8' : 'latin1', 0, this.#length);
    this.#length = 0;
    this.#hasNonAscii = false;
    return text;
  }
}
