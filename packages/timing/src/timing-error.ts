/** Everything this package throws, as a closed list. */
export const TIMING_ERROR_CODES = [
  /** A rate that is not a positive, finite number. */
  'AIPERF_TIMING_RATE',
  /** A recorded schedule that cannot be played: empty, negative times, longer than the run. */
  'AIPERF_TIMING_SCHEDULE',
  /** Bytes that are not a credit message of this version. */
  'AIPERF_TIMING_CODEC',
  /** A credit or phase that is not held here: granted for no phase, ended twice, returned by someone else. */
  'AIPERF_TIMING_PROTOCOL',
  /** The load that is asked for contradicts itself or exceeds what the workers can carry. */
  'AIPERF_TIMING_PLAN',
  /** A wait passed its deadline. */
  'AIPERF_TIMING_TIMEOUT',
] as const;
export type TimingErrorCode = (typeof TIMING_ERROR_CODES)[number];

const USAGE_CODES: ReadonlySet<TimingErrorCode> = new Set(['AIPERF_TIMING_SCHEDULE']);

/** The one error class of this package; callers switch on {@link TimingError.code}. */
export class TimingError extends Error {
  override readonly name = 'TimingError';
  readonly code: TimingErrorCode;

  constructor(code: TimingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The schedule that the user gave is at fault. */
  get isUsage(): boolean {
    return USAGE_CODES.has(this.code);
  }
}
