/** Every way in which this package throws. */
export const METRICS_ERROR_CODES = [
  /** Two metrics of one table have the same tag. */
  'AIPERF_METRICS_DUPLICATE_TAG',
  /** A tag that cannot be the name of a column. */
  'AIPERF_METRICS_BAD_TAG',
  /** A metric requires a tag or column that does not exist. */
  'AIPERF_METRICS_UNKNOWN_TAG',
  /** A metric requires another of a kind that is computed later than itself. */
  'AIPERF_METRICS_WRONG_KIND',
  'AIPERF_METRICS_DEPENDENCY_CYCLE',
  /** A module of metrics that cannot be loaded or does not export any. */
  'AIPERF_METRICS_BAD_MODULE',
  /** An objective for a metric that no request has a value of. */
  'AIPERF_METRICS_BAD_OBJECTIVE',
  /** Two units that have no conversion. */
  'AIPERF_METRICS_UNIT_MISMATCH',
  /** A message of the data plane that is not what its sender should have sent. */
  'AIPERF_METRICS_BAD_MESSAGE',
  /** A record processor's engine could not be made or has stopped. */
  'AIPERF_METRICS_ENGINE',
  /** A command came in the wrong order. */
  'AIPERF_METRICS_NOT_CONFIGURED',
] as const;
export type MetricsErrorCode = (typeof METRICS_ERROR_CODES)[number];

const USAGE_CODES: ReadonlySet<MetricsErrorCode> = new Set([
  'AIPERF_METRICS_BAD_MODULE',
  'AIPERF_METRICS_BAD_OBJECTIVE',
  'AIPERF_METRICS_BAD_TAG',
  'AIPERF_METRICS_DEPENDENCY_CYCLE',
  'AIPERF_METRICS_DUPLICATE_TAG',
  'AIPERF_METRICS_UNIT_MISMATCH',
  'AIPERF_METRICS_UNKNOWN_TAG',
  'AIPERF_METRICS_WRONG_KIND',
]);

/** What this package throws; switch on {@link MetricsError.code}. */
export class MetricsError extends Error {
  readonly code: MetricsErrorCode;

  constructor(code: MetricsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MetricsError';
    this.code = code;
  }

  /** The user's own metrics or objectives are at fault. */
  get isUsage(): boolean {
    return USAGE_CODES.has(this.code);
  }
}
