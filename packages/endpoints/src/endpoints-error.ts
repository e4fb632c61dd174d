export const ENDPOINTS_ERROR_CODES = ['AIPERF_ENDPOINTS_INVALID_BODY'] as const;
export type EndpointsErrorCode = (typeof ENDPOINTS_ERROR_CODES)[number];

/** A request body that the endpoint cannot work with. A response that cannot be read is never thrown. */
export class EndpointsError extends Error {
  override readonly name = 'EndpointsError';
  readonly code: EndpointsErrorCode;

  constructor(code: EndpointsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
