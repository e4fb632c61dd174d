import { STATUS_CODES } from 'node:http';

import type { RequestError, RequestErrorCode, Timeline } from '@aiperf/records';

/** How much of an error response's body its message keeps. */
const MAX_MESSAGE_BYTES = 4096;

const CODE_OF_ERRNO: ReadonlyMap<string, RequestErrorCode> = new Map([
  ['ENOTFOUND', 'dns_failure'],
  ['EAI_AGAIN', 'dns_failure'],
  ['EAI_FAIL', 'dns_failure'],
  ['EAI_NODATA', 'dns_failure'],
  ['EAI_NONAME', 'dns_failure'],
  ['ECONNREFUSED', 'connection_refused'],
  ['EMFILE', 'client_resources'],
  ['ENFILE', 'client_resources'],
  ['ENOBUFS', 'client_resources'],
  ['ENOMEM', 'client_resources'],
  ['EADDRNOTAVAIL', 'client_resources'],
]);

/** Names that AIPerf's users know from their HTTP client; error tables are grouped by them. */
const TYPE_OF_CODE: Readonly<Record<RequestErrorCode, string>> = {
  dns_failure: 'ClientConnectorDNSError',
  connection_refused: 'ClientConnectorError',
  connection_failed: 'ClientConnectorError',
  tls_failure: 'ClientConnectorSSLError',
  client_resources: 'ClientOSError',
  timeout: 'TimeoutError',
  http_status: 'HttpStatusError',
  invalid_response: 'InvalidResponseError',
  stream_cut: 'ClientPayloadError',
  in_band_error: 'InBandError',
  empty_output: 'EmptyOutputError',
  response_too_large: 'ResponseTooLargeError',
  cancelled: 'RequestCancellationError',
};

/** An error that is not an HTTP status. */
export function requestError(code: RequestErrorCode, message: string): RequestError {
  return { code, message, type: TYPE_OF_CODE[code] };
}

/** Why a connection could not be opened. `duringTls`: TCP was connected and the TLS handshake had begun. */
export function connectError(error: Error, duringTls: boolean): RequestError {
  const code = CODE_OF_ERRNO.get(errnoOf(error));
  if (code !== undefined) return requestError(code, messageOf(error));
  return requestError(duringTls || isTlsError(error) ? 'tls_failure' : 'connection_failed', messageOf(error));
}

/** Why an open connection ended before the response was complete. `hasResponse`: at least one byte of it had come. */
export function lostConnectionError(error: Error | undefined, hasResponse: boolean): RequestError {
  const how = error === undefined ? 'the server closed the connection' : messageOf(error);
  if (hasResponse) return requestError('stream_cut', `${how} before the response was complete`);
  return { code: 'connection_failed', message: `${how} before any response`, type: 'ServerDisconnectedError' };
}

/** A request that was ended by us. Its status is the one that AIPerf reports. */
export function cancelledError(timeline: Timeline, nowNs: number): RequestError {
  const message = Number.isNaN(timeline.startNs)
    ? 'cancelled before it was sent'
    : `cancelled ${((nowNs - timeline.startNs) / 1e9).toFixed(3)}s after it was sent`;
  return { code: 'cancelled', message, httpStatus: 499, type: TYPE_OF_CODE.cancelled };
}

/** A request that took longer than allowed, with the stage at which it was stuck. */
export function timeoutError(timeline: Timeline, timeoutMs: number): RequestError {
  return requestError('timeout', `no complete response within ${timeoutMs} ms (${stageOf(timeline)})`);
}

/** The error of a complete response, or undefined when it is one that its reader may use. */
export function responseError(timeline: Timeline, contentEncoding: string): RequestError | undefined {
  const { status } = timeline;
  if (status < 200 || status > 299) return statusError(timeline);
  if (contentEncoding === '' || contentEncoding.toLowerCase() === 'identity') return undefined;
  return requestError(
    'invalid_response',
    `the response is compressed (${contentEncoding}) although identity was asked for`,
  );
}

/** The error of an answer with a status other than 2xx, complete or not. */
export function statusError(timeline: Timeline): RequestError {
  const { status, statusText } = timeline;
  const reason = statusText === '' ? (STATUS_CODES[status] ?? `HTTP ${status}`) : statusText;
  const body = Buffer.from(
    timeline.body.buffer,
    timeline.body.byteOffset,
    Math.min(timeline.bodyLength, MAX_MESSAGE_BYTES),
  );
  const redirect = status >= 300 && status < 400 ? `${reason} (redirects are not followed)` : reason;
  const message = body.length === 0 ? redirect : body.toString('utf8');
  return { code: 'http_status', message, httpStatus: status, type: reason };
}

/** Node's name of a system or TLS error, also of the errors that are inside another one. */
export function errnoOf(error: Error): string {
  const code: unknown = Reflect.get(error, 'code');
  if (typeof code === 'string' && !code.startsWith('UND_ERR_')) return code;
  return error.cause instanceof Error ? errnoOf(error.cause) : '';
}

function isTlsError(error: Error): boolean {
  return /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH|INVALID_CA)/u.test(
    errnoOf(error),
  );
}

function messageOf(error: Error): string {
  // All addresses of a name were tried: the messages that matter are inside.
  if (error instanceof AggregateError) return error.errors.map((inner) => messageOf(inner as Error)).join('; ');
  return error.message;
}

function stageOf(timeline: Timeline): string {
  if (Number.isNaN(timeline.startNs)) return 'connecting';
  if (Number.isNaN(timeline.headersNs)) return 'waiting for the response';
  return 'reading the response';
}
