import { type PullSocket, receiveEach, type Service, type ServiceContext, toError, untilStopped } from '@aiperf/comms';
import type { RunPlan } from '@aiperf/config';
import { planPhases, type TimingMessages } from '@aiperf/timing';
import {
  concat,
  connect,
  finalize,
  ignoreElements,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  Subject,
  switchMap,
  takeUntil,
  takeWhile,
  tap,
  throttleTime,
  timer,
} from 'rxjs';
import type { LoadLawOf } from './load-report.ts';
import { loadMetricSet } from './load-metrics.ts';
import { liveBatchOf, realtimeMetricsOf } from './live/realtime-metrics.ts';
import { rollingWindow } from './live/rolling-window.ts';
import type { RunResults } from './metric-definition.ts';
import type { MetricsMessages, RecordsManagerInputs } from './messages.ts';
import { decodeMetricBatch, type MetricBatch } from './metric-batch.ts';
import type { MetricSet } from './metric-set.ts';
import type { OpenRecordSink, RecordSink } from '@aiperf/records/file';
import type { Acknowledged } from './streams/acknowledged.ts';
import { type RecordSinks, writeTo } from './streams/write-to.ts';
import { type RunSummary, summarizeRun } from './summarize-run.ts';
import { recordMetadata } from './record-metadata.ts';
import { RecordsAccumulator } from './records-manager.ts';

const STATS_INTERVAL_MS = 500;
const LIVE_WINDOW_MS = 10_000;
const LIVE_INTERVAL_MS = 1000;
/** After the load has ended, records that make no progress for so long are taken as lost. */
const IDLE_TIMEOUT_MS = 30_000;
/** The same once nobody is left to send any: what is on its way through the sockets arrives within this. */
const GONE_TIMEOUT_MS = 1000;

/** Messages that the records manager sends and listens to. */
export type RecordsManagerMessages = MetricsMessages & RecordsManagerInputs & TimingMessages;

/** What the records manager needs from the application. */
export interface RecordsManagerOptions {
  /** Gives what opens the file that a run's rows go to; called once, when the run is configured. */
  readonly openSink: (plan: RunPlan) => OpenRecordSink;
  /** The same for the file that requests and responses go to, with the level `raw`. Absent: they are not kept. */
  readonly openChunkSink?: (plan: RunPlan) => OpenRecordSink;
  /** Measures the network's round trip to the servers until it is stopped. */
  readonly startProbe: (urls: readonly string[], intervalMs: number) => RoundTripProbe;
  /** What the requests of a phase are meant to come like. */
  readonly loadLawOf: LoadLawOf;
  /** Added to the file's metadata, such as versions. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/** A running measurement of round trips. */
export interface RoundTripProbe {
  readonly samplesNs: readonly number[];
  /** Why the last try failed; absent: it did not. */
  readonly lastFailure: string | undefined;
  stop(): Promise<void>;
}

/** Makes the records manager: metric batches in, record file and results out. */
export function createRecordsManager(
  options: RecordsManagerOptions,
): (context: ServiceContext<RecordsManagerMessages>) => Service<RunPlan> {
  return (context) => new RecordsManagerService(context, options);
}

/** What a configured run consists of. */
interface Run {
  readonly plan: RunPlan;
  readonly metrics: MetricSet;
  readonly sinks: RecordSinks;
}

class RecordsManagerService implements Service<RunPlan> {
  readonly #context: ServiceContext<RecordsManagerMessages>;
  readonly #options: RecordsManagerOptions;
  readonly #pull: PullSocket;
  readonly #records = new RecordsAccumulator();
  /** Records, or news of how many are to come. */
  readonly #arrivals$ = new Subject<void>();
  readonly #stopping$ = new Subject<void>();
  #run: Run | undefined;
  readonly #taken = new Set<string>();
  #probe: RoundTripProbe | undefined;
  #idleReason = `no record arrived for ${IDLE_TIMEOUT_MS / 1000} s`;
  #idleTimeoutMs = IDLE_TIMEOUT_MS;
  /** The records are taken to be all there, and nothing is added any more. */
  #hasAll = false;
  /** Resolves when the files are closed, with or without a summary. */
  #closed: Promise<void> | undefined;

  constructor(context: ServiceContext<RecordsManagerMessages>, options: RecordsManagerOptions) {
    this.#context = context;
    this.#options = options;
    this.#pull = context.sockets.pull('records');
    this.#listen();
  }

  async configure(plan: RunPlan): Promise<void> {
    const metrics = await loadMetricSet(plan.config);
    // Arrow takes 100 ms to load, which the start of the command should not wait for.
    const { createRecordSchema } = await import('./record-schema.ts');
    const records = await this.#options.openSink(plan)(
      createRecordSchema(metrics, {
        metadata: recordMetadata(plan, this.#options.metadata),
        hasResponseText: plan.config.output.exportOutputs,
      }),
    );
    for (const { phaseIndex, kind } of planPhases(plan.config)) this.#records.planPhase(phaseIndex, kind);
    const run = { plan, metrics, sinks: { records, chunks: await this.#openChunks(plan) } };
    this.#run = run;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    concat(this.#write(run).pipe(finalize(resolve)), this.#refuse()).subscribe({
      error: (error: unknown) => this.#context.fail(toError(error)),
    });
  }

  async start(): Promise<void> {
    await Promise.resolve();
  }

  /** The timing manager ends the load; its messages say which records are still to come. */
  async cancel(): Promise<void> {
    await Promise.resolve();
  }

  /** Leaves a finished file behind, with a summary if all records had arrived. */
  async stop(): Promise<void> {
    this.#stopping$.next();
    await this.#probe?.stop();
    this.#arrivals$.complete();
    await this.#closed;
  }

  /** From the socket to the file, until all is there; then the results, in the file and on the bus. */
  #write(run: Run): Observable<unknown> {
    let results: RunResults | undefined;
    const conclude = async (): Promise<ReadonlyMap<string, string>> => {
      const metadata = recordMetadata(run.plan, this.#options.metadata);
      if (!this.#hasAll) return metadata;
      const summary = await this.#summarize(run);
      results = summary.results;
      return new Map([...metadata, ...summary.metadata]);
    };
    return receiveEach(this.#pull, (frames, done) => this.#decode(frames, done)).pipe(
      takeUntil(merge(this.#allArrived(), this.#stopping$)),
      writeTo(run.sinks, conclude),
      tap({
        next: ({ header }) => {
          this.#records.accept(header);
          this.#arrivals$.next();
        },
        // The file is whole before anyone who waits for the results opens it.
        complete: () => {
          if (results !== undefined) this.#context.bus.publish('process_records_result', { results });
        },
      }),
      connect((written$) => merge(written$, this.#showLive(written$))),
    );
  }

  /** Publishes what the last seconds looked like. */
  #showLive(written$: Observable<MetricBatch>): Observable<never> {
    return written$.pipe(
      map(({ header }) => liveBatchOf(header, this.#records.phaseKinds)),
      rollingWindow({ windowMs: LIVE_WINDOW_MS, emitEveryMs: LIVE_INTERVAL_MS }),
      takeWhile(() => !this.#hasAll),
      tap((snapshot) => this.#context.bus.publish('realtime_metrics', { metrics: realtimeMetricsOf(snapshot) })),
      ignoreElements(),
    );
  }

  /** What comes after the end. */
  #refuse(): Observable<never> {
    return receiveEach<never>(this.#pull, (frames) => {
      const rows = this.#decode(frames)?.header.rows;
      if (rows !== undefined)
        this.#context.log.warning(`${rows} records arrived after the results were made; they are left out.`);
      return undefined;
    });
  }

  /** Emits when every record is here, or when those that are missing are taken as lost. */
  #allArrived(): Observable<unknown> {
    return this.#arrivals$.pipe(
      switchMap(() => {
        if (this.#records.isComplete) return of(true);
        const nobodyIsLeft = this.#idleTimeoutMs === GONE_TIMEOUT_MS;
        return this.#records.creditsComplete || nobodyIsLeft ? timer(this.#idleTimeoutMs) : NEVER;
      }),
      tap(() => {
        this.#hasAll = true;
      }),
    );
  }

  async #openChunks(plan: RunPlan): Promise<RecordSink | undefined> {
    const { openChunkSink } = this.#options;
    if (plan.config.output.exportLevel !== 'raw' || openChunkSink === undefined) return undefined;
    const { createChunkSchema } = await import('./response-chunks.ts');
    return openChunkSink(plan)(createChunkSchema(recordMetadata(plan, this.#options.metadata)));
  }

  #listen(): void {
    const { bus } = this.#context;
    this.#on(bus.messages$('credit_phase_start'), ({ phase, phase_index, start_ns }) => {
      this.#records.startPhase(phase_index, phase, start_ns);
      this.#probeNetwork();
    });
    this.#on(bus.messages$('credit_phase_complete'), (message) => {
      const { sent, completed, failed, cancelled, lost, neverSent, sessions, phase: kind, end_ns: endNs } = message;
      const counts = { sent, completed, failed, cancelled, lost, neverSent, sessions };
      this.#records.completePhase(message.phase_index, { kind, counts, endNs });
    });
    this.#on(bus.messages$('credits_complete'), ({ was_cancelled }) => {
      this.#records.completeCredits(was_cancelled);
      // What comes after the load is the round trip of an idle network.
      this.#probe?.stop().catch((error: unknown) => this.#context.fail(toError(error)));
      this.#arrivals$.next();
    });
    this.#on(bus.messages$('host_tuning'), ({ taken }) => {
      for (const what of taken) this.#taken.add(what);
    });
    this.#on(bus.messages$('producers_gone'), ({ reason }) => {
      this.#idleReason = reason;
      this.#idleTimeoutMs = GONE_TIMEOUT_MS;
      this.#arrivals$.next();
    });
    this.#on(
      this.#arrivals$.pipe(throttleTime(STATS_INTERVAL_MS, undefined, { leading: true, trailing: true })),
      () => {
        if (!this.#hasAll) this.#publishStats();
      },
    );
  }

  #on<T>(messages$: Observable<T>, next: (message: T) => void): void {
    messages$.pipe(untilStopped(this.#context.stopSignal)).subscribe({
      next,
      error: (error: unknown) => this.#context.fail(toError(error)),
    });
  }

  #decode(frames: readonly Uint8Array[], done?: () => void): (MetricBatch & Acknowledged) | undefined {
    try {
      return { ...decodeMetricBatch(frames), ...(done === undefined ? {} : { done }) };
    } catch (error) {
      this.#context.log.error(`A batch of metric records cannot be read: ${toError(error).message}`);
      return undefined;
    }
  }

  /** During the load, because a network that carries it is another one than an idle network. */
  #probeNetwork(): void {
    const { endpoint, metrics } = this.#run?.plan.config ?? {};
    if (endpoint === undefined || metrics?.networkLatency !== 'auto') return;
    this.#probe ??= this.#options.startProbe(endpoint.urls, metrics.networkPingIntervalSec * 1000);
  }

  /** What was measured, or given in its place. */
  async #roundTripsNs(plan: RunPlan): Promise<readonly number[]> {
    const { networkLatency } = plan.config.metrics;
    if (typeof networkLatency === 'object') return [networkLatency.rttMs * 1e6];
    await this.#probe?.stop();
    const { samplesNs = [], lastFailure } = this.#probe ?? {};
    if (networkLatency === 'auto' && samplesNs.length === 0) {
      const reason = lastFailure === undefined ? 'no load began' : lastFailure;
      this.#context.log.warning(`The round trip to the server could not be measured: ${reason}`);
    }
    return samplesNs;
  }

  async #summarize({ plan, metrics, sinks }: Run): Promise<RunSummary> {
    const { processed, errors } = this.#records;
    this.#publishStats();
    this.#context.bus.publish('all_records_received', { processed, errors });
    return await summarizeRun({
      taken: this.#taken,
      plan,
      metrics,
      rows: sinks.records,
      records: this.#records,
      roundTripsNs: await this.#roundTripsNs(plan),
      lossReason: this.#idleReason,
      loadLawOf: this.#options.loadLawOf,
      warn: (message) => this.#context.log.warning(message),
    });
  }

  #publishStats(): void {
    const { processed, errors, expected } = this.#records;
    this.#context.bus.publish('processing_stats', { processed, errors, total_expected: expected });
  }
}
