import { parseDecimal } from '../units.ts';

/** Name and value text of a `name:value` word; the value may itself hold colons. `undefined` without a colon or a name. */
export function splitPair(word: string): readonly [name: string, value: string] | undefined {
  const colon = word.indexOf(':');
  const name = word.slice(0, Math.max(colon, 0)).trim();
  return name === '' ? undefined : [name, word.slice(colon + 1).trim()];
}

/** Entries of a JSON object, or `undefined` when the text is not one. */
export function parseJsonObject(text: string): readonly (readonly [name: string, value: unknown])[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : undefined;
  } catch {
    // Malformed JSON is a problem of the option, reported by whoever asked for it.
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON: it is text.
    return text;
  }
}

/**
 * The value that the text of a `name:value` word means: true, false, null (any case; `none` too), a number, a JSON array or object, or a
 * JSON string in quotes; else the text as it is. Integers that a double cannot hold exactly stay text.
 */
export function parseScalar(text: string): unknown {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  if (lower === 'null' || lower === 'none') return null;
  const number = /_/.test(text) ? undefined : parseDecimal(text);
  if (number !== undefined) {
    const isExact = Number.isFinite(number) && (!/^[+-]?\d+$/.test(text) || Number.isSafeInteger(number));
    return isExact ? number : text;
  }
  return /^[[{"]/.test(text) ? parseJson(text) : text;
}
