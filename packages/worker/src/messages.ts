/** What a worker publishes. */
export interface WorkerMessages {
  /** Every second; what happened is counted since the message before. */
  worker_health: {
    readonly pid: number;
    /** When the values were read, in run nanoseconds. */
    readonly time_ns: number;
    readonly uptime_sec: number;
    /** Percent of one core; may exceed 100. */
    readonly cpu_usage: number;
    /** Resident memory in MiB. */
    readonly memory_usage: number;
    readonly heap_used_mib: number;
    /** How late a timer of 10 ms fired; `null` when none did, because the event loop was held up all the while. */
    readonly event_loop_delay_p50_ms: number | null;
    readonly event_loop_delay_p99_ms: number | null;
    readonly event_loop_delay_max_ms: number | null;
    /** Share of the time in which the event loop was busy, 0 to 1. */
    readonly event_loop_utilization: number;
    readonly gc_count: number;
    readonly gc_total_ms: number;
    readonly gc_max_ms: number;
    /** Connections open or being opened. */
    readonly sockets_open: number;
    readonly in_progress: number;
    /** Sessions in flight, those between two turns included. */
    readonly sessions: number;
    /** Since the worker's start. */
    readonly completed: number;
    /** Since the worker's start. */
    readonly failed: number;
    /** Raw batches that the record processors have not taken yet. */
    readonly pending_batches: number;
  };
  /** What was taken of the host when the worker was configured; with `--host-tuning auto` only. */
  host_tuning: { readonly service_id: string; readonly taken: readonly string[] };
}
