/** Why a request did not succeed. A closed list: results, tables and tests switch on it. */
export const REQUEST_ERROR_CODES = [
  'dns_failure',
  'connection_refused',
  'connection_failed',
  'tls_failure',
  /** The client ran out of file descriptors or local ports: never the server's fault. */
  'client_resources',
  'timeout',
  'http_status',
  /** The answer is not HTTP, not the expected content type, or not JSON. */
  'invalid_response',
  /** The connection ended before the response was complete, or the stream ended without finish reason and `[DONE]`. */
  'stream_cut',
  /** An error event inside a 200 stream, or an error object in a 200 body. */
  'in_band_error',
  'empty_output',
  'response_too_large',
  'cancelled',
] as const;

export type RequestErrorCode = (typeof REQUEST_ERROR_CODES)[number];

/** A failed request, as data in its record; it is never thrown across packages. */
export interface RequestError {
  readonly code: RequestErrorCode;
  readonly message: string;
  readonly httpStatus?: number;
  /** Name as AIPerf reports it, such as the HTTP reason phrase or `RequestCancellationError`. */
  readonly type: string;
}

/** A request that was to be given up a given time after it was completely written; the words are AIPerf's. */
export function scheduledCancellation(cancelAfterNs: number): RequestError {
  return {
    code: 'cancelled',
    type: 'RequestCancellationError',
    message: `Request cancelled ${(cancelAfterNs / 1e9).toFixed(3)}s after being sent`,
    httpStatus: 499,
  };
}
