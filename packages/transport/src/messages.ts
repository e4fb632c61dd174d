/** What a worker publishes. */
export interface WorkerMessages {
  /** Every second. */
  worker_health: {
    readonly pid: number;
    readonly uptime_sec: number;
    /** Percent of one core since the last message; may exceed 100. */
    readonly cpu_usage: number;
    /** Resident memory in MiB. */
    readonly memory_usage: number;
    readonly in_progress: number;
    readonly completed: number;
    readonly failed: number;
    /** Raw batches that the record processors have not taken yet. */
    readonly pending_batches: number;
  };
}
