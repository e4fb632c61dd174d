import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeConfig, type UserConfig } from '@aiperf/config';
import type { RunResults } from '@aiperf/metrics';
import type { ColumnBatch } from '@aiperf/records/file';
import { type Observable, ReplaySubject } from 'rxjs';
import { ControllerError } from './controller-error.ts';
import { inProcess } from './in-process.ts';
import { observedSinks } from './observed-sink.ts';
import { makePrivateDirectory, removePrivateDirectory } from './private-directory.ts';
import type { LogRecord } from './run-log.ts';
import type { RunProgress } from './run-progress.ts';
import { SystemController } from './system-controller.ts';

/** How a run in the caller's process goes on. */
export interface InProcessOptions {
  /** Ends the load early, as {@link InProcessRun.stop} does. */
  readonly signal?: AbortSignal;
  /** Takes the run's log. Default: nobody reads it. */
  readonly onLog?: (record: LogRecord) => void;
}

/** A run under way in this process. */
export interface InProcessRun extends AsyncDisposable {
  /** Begins with the latest; completes with the run. */
  readonly progress$: Observable<RunProgress>;
  /** Rows of finished requests as they come: every column of the record file, warm-up included. Nothing is kept for who listens late. */
  readonly batches$: Observable<ColumnBatch>;
  /**
   * Resolves when everything is closed. Rejects when the run could not begin, and with a {@link ControllerError} when it could not go on, in
   * whose `results` is what was measured until then. Failed requests are results.
   */
  readonly results: Promise<RunResults>;
  /** Ends the load early: requests in flight are cancelled, and what was measured is the result. Resolves when everything is closed. */
  stop(): Promise<void>;
}

/**
 * Carries out a run in the caller's process: the services of `aiperf profile` over its memory instead of sockets, without a process, a
 * signal handler or a priority of their own. It begins at once. Times are less exact than in processes of their own, because analysis and
 * the caller's code share the event loop and the cores with what stamps.
 *
 * Result files are written with `artifactDir` only; nothing else is left behind.
 */
export function runInProcess(config: UserConfig, options: InProcessOptions = {}): InProcessRun {
  const progress = new ReplaySubject<RunProgress>(1);
  const stopping = new AbortController();
  const sinks = observedSinks();
  const stop = (): void => stopping.abort();
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted === true) stop();

  const run = async (): Promise<RunResults> => {
    if (config.service.dryRun) {
      throw new ControllerError('AIPERF_CONTROLLER_UNUSABLE', 'Expected a run: --dry-run sends nothing');
    }
    await using place = await makePlace(config);
    const controller = new SystemController(
      {
        config,
        commandLine: '',
        runDirectory: place.runDirectory,
        recordMetadata: { 'aiperf.input_config': JSON.stringify(describeConfig(config, new Set())) },
        onLog: options.onLog ?? (() => undefined),
      },
      inProcess(place.privateDirectory, { ownsProcess: false, wrapSink: (open) => sinks.wrap(open) }),
    );
    using progressed = asDisposable(controller.progress$.subscribe(progress));
    void progressed;
    using stopped = onAbort(stopping.signal, () => controller.cancel());
    void stopped;
    const { results, failure } = await controller.run();
    sinks.complete();
    if (config.output.artifactDirectory !== undefined) await writeFiles(config, place.runDirectory);
    if (failure !== undefined) throw new ControllerError('AIPERF_CONTROLLER_SERVICE', failure, { results });
    return results;
  };

  const results = run().finally(() => {
    options.signal?.removeEventListener('abort', stop);
    sinks.complete();
    progress.complete();
  });
  const stopAndWait = async (): Promise<void> => {
    stop();
    // Why it failed is for whoever waits for the results.
    await results.catch(() => undefined);
  };
  return {
    progress$: progress.asObservable(),
    batches$: sinks.batches$,
    results,
    stop: stopAndWait,
    [Symbol.asyncDispose]: stopAndWait,
  };
}

interface Place extends AsyncDisposable {
  readonly privateDirectory: string;
  readonly runDirectory: string;
}

async function makePlace({ output }: UserConfig): Promise<Place> {
  const privateDirectory = await makePrivateDirectory(tmpdir());
  const dispose = (): Promise<void> => removePrivateDirectory(privateDirectory);
  try {
    const { artifactDirectory: given, exportPrefix: prefix } = output;
    const runDirectory =
      given === undefined ? join(privateDirectory, 'results') : await makeRunDirectory(given, prefix);
    await mkdir(runDirectory, { recursive: true });
    return { privateDirectory, runDirectory, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function makeRunDirectory(path: string, prefix: string | undefined): Promise<string> {
  const { createRunDirectory } = await import('@aiperf/exporters/run-directory');
  return await createRunDirectory(path, { given: true, prefix });
}

async function writeFiles({ output }: UserConfig, runDirectory: string): Promise<void> {
  const { exportRun, openRun, resultFileName } = await import('@aiperf/exporters');
  await using run = await openRun(join(runDirectory, resultFileName('arrow', output.exportPrefix)));
  await exportRun(run);
}

function onAbort(signal: AbortSignal, act: () => void): Disposable {
  signal.addEventListener('abort', act);
  if (signal.aborted) act();
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', act) };
}

function asDisposable(subscription: { unsubscribe(): void }): Disposable {
  return { [Symbol.dispose]: () => subscription.unsubscribe() };
}
