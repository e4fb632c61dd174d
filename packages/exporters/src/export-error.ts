/** Reasons for which writing or reading a result file fails. */
export const EXPORT_ERROR_CODES = [
  'AIPERF_EXPORT_ALREADY_EXISTS',
  'AIPERF_EXPORT_NOT_WRITABLE',
  'AIPERF_EXPORT_WRITE_FAILED',
  'AIPERF_EXPORT_FOREIGN_FILE',
  'AIPERF_EXPORT_CORRUPT_FILE',
  'AIPERF_EXPORT_UNSUPPORTED_TYPE',
  'AIPERF_EXPORT_NO_RUN',
  'AIPERF_EXPORT_UNFINISHED',
  'AIPERF_EXPORT_OTHER_VERSION',
  'AIPERF_EXPORT_NOT_RECORDED',
] as const;
export type ExportErrorCode = (typeof EXPORT_ERROR_CODES)[number];

/** The only error that this package throws. Callers switch on `code`. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  readonly code: ExportErrorCode;

  constructor(code: ExportErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** The file or directory that the user named is at fault; what failed while it was written is not. */
  get isUsage(): boolean {
    return this.code !== 'AIPERF_EXPORT_WRITE_FAILED';
  }
}
