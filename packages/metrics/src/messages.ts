import type { MetricResult, RunResults } from './metric-definition.ts';

/** What the records manager publishes. */
export interface MetricsMessages {
  /** At most twice a second while records arrive, and once at the end. */
  processing_stats: {
    readonly processed: number;
    readonly errors: number;
    /** Records expected in all, `null` until the last phase has completed. */
    readonly total_expected: number | null;
  };
  /** Live windows, in display units. */
  realtime_metrics: { readonly metrics: readonly (MetricResult & { readonly current: number })[] };
  all_records_received: { readonly processed: number; readonly errors: number };
  process_records_result: { readonly results: RunResults };
}

/** What the records manager listens to besides the timing manager. */
export interface RecordsManagerInputs {
  /** The controller says that no more records can come, for example because every worker has died. */
  producers_gone: { readonly reason: string };
  /** What a service has taken of its host. */
  host_tuning: { readonly service_id: string; readonly taken: readonly string[] };
}
