import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Clock, MonotonicNs } from '@aiperf/records/clock';
import type { WorkerMessages } from '@aiperf/worker';

/** Its name in the run directory. */
export const WORKER_HEALTH_FILE = 'worker_health.jsonl';

type Health = WorkerMessages['worker_health'];
type Field = Exclude<keyof Health, 'time_ns'>;

/** In the order of the file; as a record, so that none can be forgotten. */
const FIELD_ORDER: Readonly<Record<Field, true>> = {
  pid: true,
  uptime_sec: true,
  cpu_usage: true,
  memory_usage: true,
  heap_used_mib: true,
  event_loop_delay_p50_ms: true,
  event_loop_delay_p99_ms: true,
  event_loop_delay_max_ms: true,
  event_loop_utilization: true,
  gc_count: true,
  gc_total_ms: true,
  gc_max_ms: true,
  sockets_open: true,
  in_progress: true,
  sessions: true,
  completed: true,
  failed: true,
  pending_batches: true,
};
const FIELDS = Object.keys(FIELD_ORDER) as Field[];

/**
 * Writes every health message of every worker, one JSON object a line: `timestamp_ns` (Unix time), `worker_id`, and the fields of the
 * message. A file that cannot be written is told once, and the run goes on without it.
 */
export class WorkerHealthLog {
  readonly #clock: Clock;
  readonly #stream: WriteStream;
  #hasFailed = false;

  constructor(path: string, clock: Clock, onFailure: (error: Error) => void) {
    this.#clock = clock;
    this.#stream = createWriteStream(path);
    this.#stream.on('error', (error) => {
      this.#hasFailed = true;
      onFailure(error);
    });
  }

  /** `message` may have an envelope around its fields, which is left out. */
  write(workerId: string, message: Health): void {
    if (this.#hasFailed) return;
    const health = FIELDS.map((name) => [name, message[name]] as const);
    // Written as digits: a double does not hold epoch nanoseconds.
    const timestampNs = this.#clock.toEpoch(message.time_ns as MonotonicNs);
    const rest = JSON.stringify({ worker_id: workerId, ...Object.fromEntries(health) });
    this.#stream.write(`{"timestamp_ns":${timestampNs},${rest.slice(1)}\n`);
  }

  /** Resolves when everything is in the file, or when it is known that it cannot be. */
  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream).catch(() => undefined);
  }
}
