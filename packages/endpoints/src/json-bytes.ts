import { EndpointsError } from './endpoints-error.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/** Where the items of an array lie: after its opening bracket, and its closing bracket. */
export interface ArrayRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the array that is the value of `key` in a JSON object, without reading the rest: the last one where the key is there twice, as a
 * JSON parser would. The bytes are taken to be valid JSON; throws `EndpointsError` where they cannot be, or where there is no such array.
 */
export function findArray(json: Buffer, key: string): ArrayRange {
  let found: ArrayRange | undefined;
  let position = skipSpace(json, 0);
  if (json[position] !== OPEN_BRACE) throw notFound(json, key);
  position = skipSpace(json, position + 1);
  while (json[position] === QUOTE) {
    const keyEnd = skipString(json, position);
    const isKey = JSON.parse(json.toString('utf8', position, keyEnd)) === key;
    position = skipSpace(json, keyEnd);
    if (json[position] !== COLON) throw notFound(json, key);
    const valueStart = skipSpace(json, position + 1);
    const valueEnd = skipValue(json, valueStart);
    if (isKey) {
      found = json[valueStart] === OPEN_BRACKET ? { start: valueStart + 1, end: valueEnd - 1 } : undefined;
    }
    position = skipSpace(json, valueEnd);
    if (json[position] === COMMA) position = skipSpace(json, position + 1);
  }
  if (found === undefined) throw notFound(json, key);
  return found;
}

function skipSpace(json: Buffer, start: number): number {
  let position = start;
  while ((json[position] ?? QUOTE) <= SPACE) position++;
  return position;
}

/** `start` is the opening quote; returns the byte after the closing one. */
function skipString(json: Buffer, start: number): number {
  let from = start + 1;
  for (;;) {
    const end = json.indexOf(QUOTE, from);
    if (end === -1) return json.length;
    let backslashes = 0;
    while (json[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
    from = end + 1;
  }
}

/** Returns the byte after the value that begins at `start`. */
function skipValue(json: Buffer, start: number): number {
  let depth = 0;
  let position = start;
  while (position < json.length) {
    switch (json[position]) {
      case QUOTE:
        position = skipString(json, position);
        if (depth === 0) return position;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        position++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        // Of the object around a number or a name.
        if (depth === 0) return position;
        depth--;
        position++;
        if (depth === 0) return position;
        break;
      case COMMA:
        if (depth === 0) return position;
        position++;
        break;
      default:
        position++;
    }
  }
  return position;
}

function notFound(json: Buffer, key: string): EndpointsError {
  const beginning = json.toString('utf8', 0, 80);
  return new EndpointsError(
    'AIPERF_ENDPOINTS_INVALID_BODY',
    `a request body of a conversation with several turns must be a JSON object with an array "${key}", which takes up the turns before it; found ${JSON.stringify(beginning)}`,
  );
}
