import { join } from 'node:path';
import type { RunPlan } from '@aiperf/config';
import { type Service, type ServiceContext, untilStopped } from '@aiperf/comms';
import { createClock } from '@aiperf/records/clock';
import type { WorkerMessages } from '@aiperf/worker';
import { interval } from 'rxjs';
import { WORKER_HEALTH_FILE, WorkerHealthLog } from './worker-health-log.ts';
import {
  HIGH_LOAD_CPU_PERCENT,
  observeWorker,
  statusOf,
  type WorkerHistory,
  type WorkerStatus,
} from './worker-status.ts';

const SUMMARY_INTERVAL_MS = 1_000;

/** What the worker manager publishes and hears. */
export interface WorkerManagerMessages extends WorkerMessages {
  /** Every second while the run is live. */
  worker_status_summary: { readonly worker_statuses: Readonly<Record<string, WorkerStatus>> };
}

/** Watches the workers' health, records it, publishes their status and tells once of each that is too busy to stamp on time. */
export function createWorkerManager(): (context: ServiceContext<WorkerManagerMessages>) => Service<RunPlan> {
  return (context) => new WorkerManager(context);
}

class WorkerManager implements Service<RunPlan> {
  readonly #context: ServiceContext<WorkerManagerMessages>;
  readonly #workers = new Map<string, WorkerHistory>();
  readonly #warned = new Set<string>();
  #healthLog: WorkerHealthLog | undefined;

  constructor(context: ServiceContext<WorkerManagerMessages>) {
    this.#context = context;
  }

  configure(plan: RunPlan): Promise<void> {
    const { bus, log, stopSignal } = this.#context;
    const path = join(plan.runDirectory, WORKER_HEALTH_FILE);
    const healthLog = new WorkerHealthLog(path, createClock(plan.clockOrigin), (error) => {
      log.warning(`the workers' health is not recorded: ${error.message}`);
    });
    this.#healthLog = healthLog;
    bus
      .messages$('worker_health')
      .pipe(untilStopped(stopSignal))
      .subscribe({
        next: ({ service_id: workerId, ...message }) => {
          const { cpu_usage: cpuPercent, in_progress: inProgress, failed } = message;
          healthLog.write(workerId, message);
          const sample = { cpuPercent, inProgress, failed };
          this.#workers.set(workerId, observeWorker(this.#workers.get(workerId), sample, performance.now()));
          if (cpuPercent <= HIGH_LOAD_CPU_PERCENT || this.#warned.has(workerId)) return;
          this.#warned.add(workerId);
          log.info(
            `${workerId} uses ${cpuPercent.toFixed(0)} % of a core; see send lag and slot turnaround for what it costs`,
          );
        },
        error: (error: Error) => this.#context.fail(error),
      });
    interval(SUMMARY_INTERVAL_MS)
      .pipe(untilStopped(stopSignal))
      .subscribe({
        next: () => {
          const nowMs = performance.now();
          const statuses = [...this.#workers].map(([id, history]) => [id, statusOf(history, nowMs)] as const);
          bus.publish('worker_status_summary', { worker_statuses: Object.fromEntries(statuses) });
        },
        error: (error: Error) => this.#context.fail(error),
      });
    return Promise.resolve();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#workers.clear();
    await this.#healthLog?.close();
  }
}
