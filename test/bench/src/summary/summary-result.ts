/** What computing all results from a record file took. */
export interface SummaryResult {
  readonly durationSec: number;
  /** Of the process, at its highest. */
  readonly maxRssBytes: number;
  readonly metricCount: number;
  readonly sliceCount: number;
  /** Rules that the rows broke; none should be. */
  readonly violations: readonly string[];
}
