import type { RequestError, Timeline } from '@aiperf/records';

import { connectError, errnoOf, lostConnectionError, requestError, statusError } from './request-error-of.ts';

/** Errors of reaching a host, which say nothing about TLS. */
const NETWORK_ERRNO: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
]);

/** What an error that undici reports means for the request. `empty_reply`: it may be sent once more. */
export function undiciError(error: Error, timeline: Timeline, isTls: boolean): RequestError | 'empty_reply' {
  const code = codeOf(error);
  if (Number.isNaN(timeline.startNs)) {
    return connectError(error, isTls && code !== 'UND_ERR_CONNECT_TIMEOUT' && !NETWORK_ERRNO.has(errnoOf(error)));
  }
  if (isMalformed(error, code, timeline)) return requestError('invalid_response', error.message);
  if (timeline.responseBytes === 0 && timeline.connectionReused && timeline.resentCount === 0) return 'empty_reply';
  if (timeline.status !== 0 && (timeline.status < 200 || timeline.status > 299)) return statusError(timeline);
  // undici names the socket's own end in its messages; a system error is more telling.
  const cause = errnoOf(error) === '' ? undefined : error;
  return lostConnectionError(cause, timeline.responseBytes > 0);
}

function isMalformed(error: Error, code: string, timeline: Timeline): boolean {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return true;
  if (code === 'UND_ERR_SOCKET') return error.message === 'bad response' || error.message === 'bad upgrade';
  // undici says this of a malformed head too when a content length had been read; a body can only be short after its head.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return timeline.status === 0;
  // The parser met the end of the connection in the middle of a response: cut, not malformed.
  return error.name === 'HTTPParserError' && !error.message.includes('EOF');
}

function codeOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  return typeof code === 'string' ? code : '';
}
