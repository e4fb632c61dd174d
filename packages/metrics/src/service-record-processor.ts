import { setTimeout as sleep } from 'node:timers/promises';
import {
  type PullSocket,
  receiveEach,
  type Service,
  type ServiceContext,
  sendTo,
  toError,
  untilStopped,
} from '@aiperf/comms';
import type { RunPlan } from '@aiperf/config';
import { hasOwnShare } from '@aiperf/host';
import type { TimingMessages } from '@aiperf/timing';
import type { RecordsManagerInputs } from './messages.ts';
import {
  BehaviorSubject,
  finalize,
  map,
  merge,
  NEVER,
  type Observable,
  ReplaySubject,
  Subject,
  switchMap,
  take,
  takeUntil,
  timer,
} from 'rxjs';
import { encodeMetricBatch } from './metric-batch.ts';
import { processRecords, type RawBatch } from './streams/process-records.ts';

/** What a worker has sent on is here within this. */
const QUIET_MS = 300;
const STOP_LIMIT_MS = 1_000;

/** How a record processor is placed. */
export interface RecordProcessorPlacement {
  /** The process does nothing else, so that it may give way to the host's other programs. */
  readonly ownsProcess: boolean;
}

/** What a record processor listens to and says. */
export type RecordProcessorMessages = TimingMessages & Pick<RecordsManagerInputs, 'host_tuning'>;

/** Makes record processors: raw batches in, metric batches out. */
export function createRecordProcessor(
  placement: RecordProcessorPlacement,
): (context: ServiceContext<RecordProcessorMessages>) => Service<RunPlan> {
  return (context) => new RecordProcessorService(context, placement);
}

/** Moves batches between the sockets and the engine's thread, so that commands and heartbeats never wait for analysis. */
class RecordProcessorService implements Service<RunPlan> {
  readonly #context: ServiceContext<RecordProcessorMessages>;
  readonly #placement: RecordProcessorPlacement;
  readonly #raw: PullSocket;
  readonly #isBusy$ = new BehaviorSubject(false);
  /** The load may be over before there is anything to hurry. */
  readonly #hurry$ = new ReplaySubject<void>(1);
  readonly #cancelled$ = new Subject<void>();
  readonly #stopping$ = new Subject<void>();
  readonly #givenUp$ = new Subject<void>();
  /** Resolves when everything that came has been passed on and no more is taken. `undefined`: nothing has been taken yet. */
  #passedOn: Promise<void> | undefined;

  constructor(context: ServiceContext<RecordProcessorMessages>, placement: RecordProcessorPlacement) {
    this.#context = context;
    this.#placement = placement;
    this.#raw = context.sockets.pull('raw_inference_proxy_backend');
    context.bus
      .messages$('credits_complete')
      .pipe(take(1), untilStopped(context.stopSignal))
      .subscribe({ next: () => this.#hurry$.next(), error: (error: unknown) => context.fail(toError(error)) });
  }

  configure(plan: RunPlan): Promise<void> {
    const { log, serviceId, sockets } = this.#context;
    if (this.#placement.ownsProcess && plan.config.service.hostTuning === 'auto' && hasOwnShare()) {
      this.#context.bus.publish('host_tuning', { service_id: serviceId, taken: ['shares of the cores by session'] });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#passedOn = promise;
    // Begins at once: the start of the thread takes a while, and what others leave over of the time before the load is enough for it.
    receiveEach(this.#raw, (frames, done) => this.#read(frames, done))
      .pipe(
        takeUntil(merge(this.#stopping$, this.#cancelled$.pipe(switchMap(() => this.#quiet())))),
        processRecords({
          plan,
          recordProcessorId: serviceId,
          hurry$: this.#hurry$,
          givesWay: this.#placement.ownsProcess,
          onUnreadable: (message) => log.error(`A batch of raw records cannot be read: ${message}`),
          onTookOver: () =>
            log.info('The cores of this host are taken; the records that are left are processed at normal priority'),
        }),
        map(encodeMetricBatch),
        sendTo(sockets.push('records')),
        takeUntil(this.#givenUp$),
        finalize(resolve),
      )
      .subscribe({ error: (error: unknown) => this.#context.fail(toError(error)) });
    return Promise.resolve();
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves when no more batches come and everything that came has been passed on. */
  async cancel(): Promise<void> {
    this.#hurry$.next();
    this.#cancelled$.next();
    await this.#passedOn;
  }

  /** The results have been made by now. Whoever took the rows may be gone, and a send to nobody never ends. */
  async stop(): Promise<void> {
    this.#stopping$.next();
    await Promise.race([this.#passedOn, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
    this.#givenUp$.next();
  }

  #read(frames: readonly Uint8Array[], done: () => void): RawBatch | undefined {
    const [bytes] = frames;
    if (bytes === undefined || frames.length > 1) {
      // The rest of the run is still worth having.
      this.#context.log.error(`A batch of raw records cannot be read: expected one frame, found ${frames.length}`);
      return undefined;
    }
    this.#isBusy$.next(true);
    return {
      bytes,
      done: () => {
        this.#isBusy$.next(false);
        done();
      },
    };
  }

  /** Emits when nothing is worked on and nothing has come for a while. */
  #quiet(): Observable<unknown> {
    return this.#isBusy$.pipe(switchMap((isBusy) => (isBusy ? NEVER : timer(QUIET_MS))));
  }
}
