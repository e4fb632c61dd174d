import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { knownConnections, type RunPlan, type UserConfig } from '@aiperf/config';
import type { RunResults } from '@aiperf/metrics';
import { firstValueFrom, type Observable, Subject } from 'rxjs';
import { assertWithinLimits } from './client-limits.ts';
import { ControllerError } from './controller-error.ts';
import type { Hosting } from './hosting.ts';
import { LiveRun } from './live-run.ts';
import { type LogRecord, RunLog } from './run-log.ts';
import { ProgressTracker, type RunProgress } from './run-progress.ts';

const CANCELLED_EARLY = 'cancelled before the load began';

export interface SystemControllerOptions {
  readonly config: UserConfig;
  /** The command as typed, secrets redacted. */
  readonly commandLine: string;
  /** Absolute path of the result directory, which exists. */
  readonly runDirectory: string;
  /** See `RunPlan`. */
  readonly recordMetadata?: Readonly<Record<string, string>>;
  readonly onLog: (record: LogRecord) => void;
}

/** How a run ended. The processes are gone and the record file is closed. */
export interface RunOutcome {
  readonly plan: RunPlan;
  readonly results: RunResults;
  /** Why the run could not go on to its end; its results are then what was there until then. */
  readonly failure: string | undefined;
}

/** Starts the services of a run, takes them through it and stops them, whatever happens on the way. */
export class SystemController {
  readonly #options: SystemControllerOptions;
  readonly #hosting: Hosting;
  readonly #tracker = new ProgressTracker();
  readonly #failures = new Subject<string>();
  #failure: string | undefined;
  #isCancelled = false;
  #run: LiveRun | undefined;
  #privateDirectory: string | undefined;
  #cancelLoad: (() => void) | undefined;

  /** `hosting` says where the services are: `childProcesses`, say. */
  constructor(options: SystemControllerOptions, hosting: Hosting) {
    this.#options = options;
    this.#hosting = hosting;
  }

  get progress$(): Observable<RunProgress> {
    return this.#tracker.progress$;
  }

  /**
   * Carries the run out. Rejects with {@link ControllerError} when it could not be started; from the first request on, a failure is part
   * of the outcome, so that what was measured is kept.
   */
  async run(): Promise<RunOutcome> {
    const { config, runDirectory, onLog } = this.#options;
    const counts = this.#hosting.counts(config);
    await assertWithinLimits({
      // In an open loop without a limit nobody knows how many there will be.
      connections: knownConnections(config),
      workers: counts.workers,
      servers: config.endpoint.urls.length,
    });
    await using environment = await this.#hosting.open(config);
    this.#privateDirectory = environment.privateDirectory;
    await mkdir(join(runDirectory, 'logs'), { recursive: true });
    const log = new RunLog(join(runDirectory, 'logs', 'aiperf.log'), config.service.logLevel, onLog);
    const run = new LiveRun({
      ...this.#options,
      placement: this.#hosting.place(counts),
      environment,
      log,
      tracker: this.#tracker,
      onFailure: (reason) => this.#fail(reason, log),
    });
    this.#run = run;
    try {
      if (this.#isCancelled) throw new ControllerError('AIPERF_CONTROLLER_SERVICE', CANCELLED_EARLY);
      await this.#orFailure(run.start());
      const results = this.#finish(run, log);
      return { plan: run.plan, results: await results, failure: this.#failure };
    } finally {
      this.#cancelLoad = undefined;
      await run.stop();
      this.#tracker.enter('exporting');
      const logError = await log.close();
      if (logError !== undefined) {
        onLog({ level: 'error', source: 'log', message: logError.message, time: new Date() });
      }
    }
  }

  /** Ends the load early: requests in flight are cancelled and what was measured is kept. */
  cancel(): void {
    this.#isCancelled = true;
    this.#cancelLoad?.();
    // A load that may have begun is cancelled as soon as its start has been answered.
    if (this.#run?.mayHaveBegun !== true) this.#failures.next(CANCELLED_EARLY);
  }

  /** Kills every child process and removes what the run kept privately, for a process that is about to exit. */
  kill(): void {
    this.#run?.supervisor.kill();
    if (this.#privateDirectory !== undefined) rmSync(this.#privateDirectory, { recursive: true, force: true });
  }

  async #finish(run: LiveRun, log: RunLog): Promise<RunResults> {
    const cancelled = new Promise<void>((resolve) => {
      this.#cancelLoad = resolve;
    });
    if (this.#isCancelled) this.#cancelLoad?.();
    const results = run.results();
    try {
      const early = await this.#orFailure(Promise.race([results, cancelled]));
      if (early !== undefined) return early;
      log.write('warning', 'system_controller', 'Cancelled: requests in flight are ended, results are written');
      await this.#orFailure(run.cancel());
      return await this.#orFailure(results);
    } catch (error) {
      if (this.#failure === undefined) this.#fail((error as Error).message, log);
      return run.salvage(results, this.#failure ?? 'unknown failure');
    }
  }

  /** The work's result, unless something fails first. */
  async #orFailure<T>(work: Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw new ControllerError('AIPERF_CONTROLLER_SERVICE', this.#failure);
    const failed = firstValueFrom(this.#failures).then((reason): never => {
      throw new ControllerError('AIPERF_CONTROLLER_SERVICE', reason);
    });
    // Whichever loses the race must not become an unhandled rejection.
    failed.catch(() => undefined);
    work.catch(() => undefined);
    return Promise.race([work, failed]);
  }

  #fail(reason: string, log: RunLog): void {
    log.write('error', 'system_controller', reason);
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#failures.next(reason);
  }
}
