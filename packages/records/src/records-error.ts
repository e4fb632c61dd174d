/** Reasons for which record columns or their files cannot be written or read. */
export const RECORDS_ERROR_CODES = [
  'AIPERF_RECORDS_ALREADY_EXISTS',
  'AIPERF_RECORDS_NOT_WRITABLE',
  'AIPERF_RECORDS_WRITE_FAILED',
  'AIPERF_RECORDS_CLOSED',
  'AIPERF_RECORDS_FOREIGN_FILE',
  'AIPERF_RECORDS_NO_SCHEMA',
  'AIPERF_RECORDS_CORRUPT_FILE',
  'AIPERF_RECORDS_BAD_BATCH',
  'AIPERF_RECORDS_UNSUPPORTED_TYPE',
  'AIPERF_RECORDS_UNKNOWN_COLUMN',
] as const;
export type RecordsErrorCode = (typeof RECORDS_ERROR_CODES)[number];

/** The only error that this package throws. Callers switch on `code`. */
export class RecordsError extends Error {
  override readonly name = 'RecordsError';
  readonly code: RecordsErrorCode;

  constructor(code: RecordsErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** The file or directory that the user named is at fault; what failed while it was written is not. */
  get isUsage(): boolean {
    return this.code !== 'AIPERF_RECORDS_WRITE_FAILED';
  }
}

/** Text of anything that was caught, for the end of a message. */
export function causeText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
