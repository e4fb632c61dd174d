/** Why a transport could not be made or used. */
export const HTTP_TRANSPORT_ERROR_CODES = [
  'AIPERF_TRANSPORT_INVALID_URL',
  'AIPERF_TRANSPORT_INVALID_HEADER',
  'AIPERF_TRANSPORT_CLOSED',
] as const;

export type HttpTransportErrorCode = (typeof HTTP_TRANSPORT_ERROR_CODES)[number];

/** Options that an HTTP transport cannot work with, or its wrong use. A request that fails is never thrown. */
export class HttpTransportError extends Error {
  override readonly name = 'HttpTransportError';
  readonly code: HttpTransportErrorCode;

  constructor(code: HttpTransportErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
