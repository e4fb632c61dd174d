/** Every reason for which this package throws. */
export const COMMS_ERROR_CODES = [
  'AIPERF_COMMS_ADDRESS',
  'AIPERF_COMMS_BIND',
  'AIPERF_COMMS_CANCELLED',
  'AIPERF_COMMS_CLOSED',
  'AIPERF_COMMS_COMMAND_FAILED',
  'AIPERF_COMMS_CONNECT',
  'AIPERF_COMMS_DECODE',
  'AIPERF_COMMS_ENCODE',
  'AIPERF_COMMS_REMOTE',
  'AIPERF_COMMS_SERVICE_LOST',
  'AIPERF_COMMS_SOCKET',
  'AIPERF_COMMS_SPOOL',
  'AIPERF_COMMS_TIMEOUT',
  'AIPERF_COMMS_UNREACHABLE',
] as const;
export type CommsErrorCode = (typeof COMMS_ERROR_CODES)[number];

const USAGE_CODES: ReadonlySet<CommsErrorCode> = new Set(['AIPERF_COMMS_ADDRESS', 'AIPERF_COMMS_BIND']);

/** The one error class of this package; callers switch on `code`. */
export class CommsError extends Error {
  override readonly name = 'CommsError';
  readonly code: CommsErrorCode;

  constructor(code: CommsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The user's input is at fault, and nothing was sent. */
  get isUsage(): boolean {
    return USAGE_CODES.has(this.code);
  }
}

/** Text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything that was thrown, as an `Error`. */
export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
