import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type DealerSocket, type Service, type ServiceContext, type SpoolingPushSocket, toError } from '@aiperf/comms';
import type { EndpointConfig, RunPlan } from '@aiperf/config';
import { openDatasetStore, storeDirectory, type DatasetStore } from '@aiperf/dataset';
import {
  alarmSleeper,
  createPacer,
  CREDIT_MESSAGE_KINDS,
  decodeCreditBatch,
  encodeCreditReturnBatch,
  nodeTimers,
  startAlarm,
  timerSleeper,
  type Alarm,
  type CreditRecall,
  type Pacer,
  type PhaseReference,
  type PhaseStart,
  type WorkerReady,
} from '@aiperf/timing';
import { createClock, type Clock } from '@aiperf/records/clock';
import { Subject, takeUntil, tap } from 'rxjs';
import { endpointOf } from '@aiperf/endpoints';
import { createTransport } from '@aiperf/transport';
import type { TransportOptions, Transport } from '@aiperf/transport';
import { claimHost } from '@aiperf/host';
import type { WorkerMessages } from './messages.ts';
import { RawBatchWriter } from '@aiperf/records';
import { rehearse } from './rehearsal.ts';
import { RecordSender } from './record-sender.ts';
import { startWorkerHealth } from './worker-health.ts';
import { VARIABLE_HEADER_NAMES, Worker } from './worker.ts';

/** How a worker is placed. */
export interface WorkerPlacement {
  /**
   * The process does nothing else: it may keep the host's cores awake, and while requests have due times, its main thread may take priority
   * over the host's other programs.
   */
  readonly ownsProcess: boolean;
}

/** Makes the service that sends the run's requests. */
export function createWorker(
  placement: WorkerPlacement,
): (context: ServiceContext<WorkerMessages>) => Service<RunPlan> {
  return (context) => new WorkerService(context, placement);
}

/**
 * Nobody knows the concurrency of an open loop. Connections for answers of 100 ms are opened before it: more than a fast server needs, and
 * the first of those that a slow one will; the rest are opened one by one as the load rises.
 */
const OPEN_LOOP_ANSWER_SEC = 0.1;
const MIN_OPEN_LOOP_CONNECTIONS = 8;
const MAX_OPEN_LOOP_CONNECTIONS = 256;

/** Nothing of the user's, whose keys and other headers are for the servers of the run only. */
const REHEARSAL_HEADERS: TransportOptions['headers'] = [['Content-Type', 'application/json']];

/** What `configure` prepares. */
interface Prepared {
  readonly clock: Clock;
  readonly worker: Worker;
  readonly store: DatasetStore;
  readonly transport: Transport;
  readonly records: RecordSender;
  readonly batches: SpoolingPushSocket;
  readonly credits: DealerSocket;
  /** Absent: no request of the run has a due time, or no thread could be started. */
  readonly alarm: Alarm | undefined;
}

class WorkerService implements Service<RunPlan> {
  readonly #context: ServiceContext<WorkerMessages>;
  readonly #placement: WorkerPlacement;
  readonly #stopped = new Subject<void>();
  readonly #phases = new Set<number>();
  #prepared: Prepared | undefined;
  #stopHealth: () => void = () => {};
  #endHostClaim: () => void = () => {};

  constructor(context: ServiceContext<WorkerMessages>, placement: WorkerPlacement) {
    this.#context = context;
    this.#placement = placement;
  }

  async configure(plan: RunPlan): Promise<void> {
    const { config, privateDirectory } = plan;
    const { sockets, serviceId } = this.#context;
    const spoolDirectory = join(privateDirectory, 'spool');
    await mkdir(spoolDirectory, { recursive: true });
    const clock = createClock(plan.clockOrigin);
    const transportOptions: TransportOptions = {
      baseUrls: config.endpoint.urls,
      path: config.endpoint.path ?? endpointOf(config.endpoint.type).path,
      headers: headersOf(config.endpoint),
      variableHeaderNames: VARIABLE_HEADER_NAMES,
      method: endpointOf(config.endpoint.type).method,
      kind: config.endpoint.transport,
      connectionReuse: config.endpoint.connectionReuse,
      requestTimeoutMs: config.endpoint.requestTimeoutSec * 1000,
      clock,
    };
    const transport = await createTransport(transportOptions);
    const store = openDatasetStore(storeDirectory(privateDirectory));
    const batches = sockets.spoolingPush('raw_inference_proxy_frontend', spoolDirectory);
    const credits = sockets.dealer('credits');
    const records: RecordSender = new RecordSender({
      writer: new RawBatchWriter(serviceId),
      isIdle: () => worker.inFlightCount === 0,
    });
    const common = { clock, store, endpoint: endpointOf(config.endpoint.type), benchmarkId: plan.benchmarkId };
    const hasDueTimes = config.phases.some(({ mode }) => mode !== 'concurrency');
    // Before the alarm, whose thread has the priority of the thread that starts it.
    if (this.#placement.ownsProcess && config.service.hostTuning === 'auto') {
      const isCoreSpare = plan.workerIds.length < availableParallelism();
      const { benchmarkId: runId } = plan;
      const { taken, end } = claimHost({ runId, hasDueTimes, isCoreSpare, log: this.#context.log });
      this.#endHostClaim = end;
      this.#context.bus.publish('host_tuning', { service_id: serviceId, taken });
    }
    const alarm = hasDueTimes ? await this.#startAlarm(clock) : undefined;
    const worker: Worker = new Worker({
      ...common,
      ...(alarm === undefined ? {} : { pacer: createAlarmPacer(clock, alarm, () => worker.inFlightCount === 0) }),
      transport,
      urlCount: config.endpoint.urls.length,
      onRecord: (record) => records.add(record),
      onFailure: (error) => this.#context.fail(toError(error)),
    });
    worker.credits.onReturnsDue = () => this.#returnCredits();
    // An operator, so that what a closed socket throws is the error of the stream.
    records.records$
      .pipe(
        tap((batch) => batches.post([batch])),
        takeUntil(this.#stopped),
      )
      .subscribe({
        error: (error: unknown) => this.#context.fail(toError(error)),
      });
    this.#prepared = { clock, worker, store, transport, records, batches, credits, alarm };
    credits.messages$.pipe(takeUntil(this.#stopped)).subscribe({
      next: (frames) => this.#receive(frames),
      error: (error: unknown) => this.#context.fail(toError(error)),
    });
    // Before the warm-up, so that no connection of the run waits for it.
    const { completedCount, problem } = await rehearse({
      clock,
      store,
      createTransport: (baseUrl) =>
        createTransport({ ...transportOptions, baseUrls: [baseUrl], headers: REHEARSAL_HEADERS }),
      createWorker: (to, onRecord, onFailure) =>
        new Worker({ ...common, transport: to, urlCount: 1, onRecord, onFailure }),
    });
    const why = problem === undefined ? '' : `, ended early: ${problem}`;
    this.#context.log.debug(`${completedCount} requests rehearsed${why}`);
    const connectionCount = warmConnectionCount(plan, serviceId);
    if (connectionCount > 0) await transport.warmUp(connectionCount);
    if (this.#placement.ownsProcess) collectGarbage();
  }

  async start(): Promise<void> {
    const { clock, worker, transport, batches, credits } = this.#require();
    this.#stopHealth = startWorkerHealth(
      clock,
      () => ({
        in_progress: worker.inFlightCount,
        sessions: worker.sessionCount,
        sockets_open: transport.openConnectionCount,
        completed: worker.completedCount,
        failed: worker.failedCount,
        pending_batches: batches.pendingCount,
      }),
      (health) => this.#context.bus.publish('worker_health', health),
    );
    const ready: WorkerReady = {};
    await credits.send([kindFrame(CREDIT_MESSAGE_KINDS.ready), Buffer.from(JSON.stringify(ready))]);
  }

  async cancel(): Promise<void> {
    if (this.#prepared === undefined) return;
    await this.#endLoad(this.#prepared);
  }

  async stop(): Promise<void> {
    this.#stopHealth();
    this.#endHostClaim();
    const prepared = this.#prepared;
    if (prepared === undefined) return;
    await this.#endLoad(prepared);
    this.#stopped.next();
    prepared.worker.close();
    prepared.alarm?.close();
    this.#prepared = undefined;
    // Not waited for: every service is told to stop at the same time, and a send to a timing manager that is gone never ends.
    prepared.credits.send([kindFrame(CREDIT_MESSAGE_KINDS.leaving)]).catch(() => undefined);
    await prepared.transport.close();
    prepared.store.close();
  }

  async #startAlarm(clock: Clock): Promise<Alarm | undefined> {
    try {
      return await startAlarm(clock);
    } catch (error) {
      this.#context.log.warning(`due times are kept with timers alone: ${toError(error).message}`);
      return undefined;
    }
  }

  /** Nothing is sent any more, what is in flight is cancelled, every record and then every credit is on its way. */
  async #endLoad({ worker, records }: Prepared): Promise<void> {
    for (const phaseIndex of this.#phases) worker.stopSending(phaseIndex);
    worker.cancelInFlight();
    await worker.whenIdle();
    worker.flushRecords();
    records.flush();
    this.#returnCredits();
  }

  #receive(frames: readonly Uint8Array[]): void {
    const { worker } = this.#require();
    const [kindFrame = new Uint8Array(), payload = new Uint8Array()] = frames;
    const kind = Buffer.from(kindFrame).toString('latin1');
    try {
      switch (kind) {
        case CREDIT_MESSAGE_KINDS.creditGrant:
          worker.credits.grant(decodeCreditBatch(payload));
          break;
        case CREDIT_MESSAGE_KINDS.phaseStart: {
          const start = parseJson(payload) as PhaseStart;
          this.#phases.add(start.phaseIndex);
          worker.beginPhase(start);
          break;
        }
        case CREDIT_MESSAGE_KINDS.recallCredits:
          worker.credits.recall(parseJson(payload) as CreditRecall);
          break;
        case CREDIT_MESSAGE_KINDS.phaseEnd:
          worker.stopSending((parseJson(payload) as PhaseReference).phaseIndex);
          break;
        case CREDIT_MESSAGE_KINDS.cancelCredits: {
          const { phaseIndex } = parseJson(payload) as PhaseReference;
          worker.stopSending(phaseIndex);
          worker.cancelInFlight(phaseIndex);
          break;
        }
        default:
          this.#context.log.warning(`a message of unknown kind ${JSON.stringify(kind)} came on the credit socket`);
      }
    } catch (error) {
      // A credit that cannot be read can never be returned: going on would let the run wait for it for ever.
      this.#context.fail(
        new Error(`credit message ${kind} cannot be handled: ${toError(error).message}`, { cause: error }),
      );
    }
  }

  #returnCredits(): void {
    const { worker, records, credits } = this.#require();
    if (worker.inFlightCount === 0) {
      worker.flushRecords();
      records.checkAge();
    }
    for (const batch of worker.credits.takeReturns()) {
      credits
        .send([kindFrame(CREDIT_MESSAGE_KINDS.creditReturn), encodeCreditReturnBatch(batch)])
        .catch((error: unknown) => {
          // At the end there may be nobody left who takes them back.
          if (!this.#context.stopSignal.aborted) this.#context.fail(toError(error));
        });
    }
  }

  #require(): Prepared {
    if (this.#prepared === undefined) throw new Error('the worker is not configured');
    return this.#prepared;
  }
}

function createAlarmPacer(clock: Clock, alarm: Alarm, isQuiet: () => boolean): Pacer {
  return createPacer({ clock, sleeper: alarmSleeper(alarm, timerSleeper(clock, nodeTimers), isQuiet) });
}

/**
 * What has lived until here will live on. Moved out of the young generation now, in two rounds, it does not stop the first second of the
 * load for 10 ms.
 */
function collectGarbage(): void {
  for (let round = 0; round < 2; round += 1) globalThis.gc?.({ type: 'minor' });
}

/** Fixed headers of each request; the user's come last and win. */
function headersOf(endpoint: EndpointConfig): readonly (readonly [string, string])[] {
  const headers = new Map<string, readonly [string, string]>();
  const add = (name: string, value: string): void => {
    headers.set(name.toLowerCase(), [name, value]);
  };
  add('Accept', endpointOf(endpoint.type).acceptHeader(endpoint.streaming));
  add('Content-Type', 'application/json');
  if (endpoint.apiKey !== undefined) add('Authorization', `Bearer ${endpoint.apiKey.reveal()}`);
  for (const [name, value] of endpoint.headers) add(name, value.reveal());
  return [...headers.values()];
}

/** This worker's share of the connections that the busiest phase will use at once. */
function warmConnectionCount(plan: RunPlan, serviceId: string): number {
  const { endpoint, phases } = plan.config;
  if (endpoint.connectionReuse === 'never') return 0;
  const workerCount = Math.max(1, plan.workerIds.length);
  const position = Math.max(0, plan.workerIds.indexOf(serviceId));
  const shareOf = (total: number): number => Math.floor(total / workerCount) + (position < total % workerCount ? 1 : 0);
  const counts = phases.map((phase) => {
    if (phase.concurrency !== undefined) return shareOf(phase.concurrency);
    const seriesRates = (phase.requestRateSeries ?? []).map(({ ratePerSec }) => ratePerSec);
    const ratePerSec = Math.max(phase.requestRatePerSec ?? 0, ...seriesRates);
    const expected = Math.ceil((ratePerSec * OPEN_LOOP_ANSWER_SEC) / workerCount);
    const count = Math.min(Math.max(expected, MIN_OPEN_LOOP_CONNECTIONS), MAX_OPEN_LOOP_CONNECTIONS);
    return phase.userCount === undefined ? count : Math.min(count, shareOf(phase.userCount));
  });
  return Math.max(0, ...counts);
}

function kindFrame(kind: string): Uint8Array {
  return Buffer.from(kind, 'latin1');
}

function parseJson(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload).toString());
}
