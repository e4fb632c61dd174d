import type { RequestError, Timeline } from '@aiperf/records';
import { isObject, numberOf, textOf, type JsonObject } from './json.ts';

/** Longest piece of a server's answer that is kept as an error message. */
const MAX_MESSAGE_CHARS = 1000;

/** The error object inside a 200 response, or undefined when `value` is no error. */
export function inBandErrorOf(value: JsonObject): RequestError | undefined {
  const isError = (value['error'] ?? false) !== false || value['object'] === 'error';
  return isError ? inBandError(value) : undefined;
}

/** An in-band error from whatever an error event carried. */
export function inBandError(value: unknown): RequestError {
  const inner = isObject(value) && isObject(value['error']) ? value['error'] : value;
  const fields = isObject(inner) ? inner : {};
  const httpStatus = numberOf(fields['code']);
  return {
    code: 'in_band_error',
    type: textOf(fields['type']) ?? 'InBandError',
    message: serverMessage(value),
    ...(httpStatus !== undefined && httpStatus >= 400 && httpStatus <= 599 ? { httpStatus } : {}),
  };
}

/** The error of a response whose status is not 2xx; the message is the server's own where it gave one. */
export function httpStatusError(timeline: Timeline): RequestError {
  const text = Buffer.from(timeline.body.buffer, timeline.body.byteOffset, timeline.bodyLength).toString();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return {
    code: 'http_status',
    httpStatus: timeline.status,
    type: timeline.statusText === '' ? `HTTP ${timeline.status}` : timeline.statusText,
    message: serverMessage(body) || `HTTP status ${timeline.status} without a body.`,
  };
}

/** A response that cannot be read as what was asked for. */
export function invalidResponse(problem: string, found: string): RequestError {
  return {
    code: 'invalid_response',
    type: 'InvalidResponse',
    message: `${problem} Found: ${found === '' ? 'nothing' : shortened(found.trim(), 200)}`,
  };
}

/** Servers say what is wrong in `error.message`, `error`, `message` or `detail`, or in plain text. */
function serverMessage(value: unknown): string {
  if (typeof value === 'string') return shortened(value.trim(), MAX_MESSAGE_CHARS);
  if (!isObject(value)) return shortened(JSON.stringify(value), MAX_MESSAGE_CHARS);
  const error = value['error'];
  const nested = isObject(error) ? error['message'] : error;
  const message = textOf(nested) ?? textOf(value['message']) ?? textOf(value['detail']);
  return shortened(message ?? JSON.stringify(value), MAX_MESSAGE_CHARS);
}

function shortened(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}
