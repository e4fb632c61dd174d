/** Everything that this package throws. Problems of a command line are returned, not thrown; those of a program's options are thrown. */
export const CONFIG_ERROR_CODES = ['AIPERF_CONFIG_BAD_PLAN', 'AIPERF_CONFIG_INVALID'] as const;
export type ConfigErrorCode = (typeof CONFIG_ERROR_CODES)[number];

/** An error of this package; switch on `code`. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
