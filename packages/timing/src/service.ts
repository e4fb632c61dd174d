import type { Bus, Log, RouterSocket, Service, ServiceContext } from '@aiperf/comms';
import type { ClockOrigin, RunPlan } from '@aiperf/config';
import { createRandomSource, createSampler, openDatasetStore } from '@aiperf/dataset';
import type { RandomSource, Sampler } from '@aiperf/dataset';
import { Subject, takeUntil } from 'rxjs';
import { createClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { CREDIT_MESSAGE_KINDS } from './credit.ts';
import { decodeCreditReturnBatch, encodeCreditBatch } from './credit-codec.ts';
import type { TimingMessages } from './messages.ts';
import { planPhases } from './phase/phase-plan.ts';
import type { PhasePlan } from './phase/phase-plan.ts';
import { PhaseRun } from './phase/phase-run.ts';
import type { PhaseEvents, WorkerPort } from './phase/phase-run.ts';
import { nodeTimers } from './timers.ts';
import type { Timers } from './timers.ts';
import { WorkerRoster } from './worker-roster.ts';

/** Time of the timing manager; tests put a virtual one in. */
export interface TimingManagerOptions {
  /** Absent: this process's event loop. */
  readonly timers?: Timers;
  /** Absent: this process's monotonic clock. */
  readonly createClock?: (origin: ClockOrigin) => Clock;
}

/** Every worker must have announced itself within this time after the start command. */
const WORKERS_READY_LIMIT_MS = 30_000;
/** A request must have ended when its own timeout and this have passed. */
const STALL_MARGIN_SEC = 10;

/** Makes the service that issues the run's credits. */
export function createTimingManager(
  options: TimingManagerOptions = {},
): (context: ServiceContext<TimingMessages>) => Service<RunPlan> {
  return (context) => new TimingManager(context, options);
}

/** What `configure` prepares. */
interface Prepared {
  readonly plan: RunPlan;
  readonly clock: Clock;
  readonly phases: readonly PhasePlan[];
  readonly random: RandomSource;
  readonly sampler: Sampler;
  readonly roster: WorkerRoster;
  readonly router: RouterSocket;
}

class TimingManager implements Service<RunPlan> {
  readonly #context: ServiceContext<TimingMessages>;
  readonly #bus: Bus<TimingMessages>;
  readonly #log: Log;
  readonly #options: TimingManagerOptions;
  readonly #timers: Timers;
  readonly #stopped = new Subject<void>();
  #prepared: Prepared | undefined;
  #run: PhaseRun | undefined;
  #isCancelled = false;
  /** Resolved when the last phase is complete. */
  readonly #ended: PromiseWithResolvers<void> = Promise.withResolvers();
  #hasEnded = false;
  #isDisposed = false;

  constructor(context: ServiceContext<TimingMessages>, options: TimingManagerOptions) {
    this.#context = context;
    this.#bus = context.bus;
    this.#log = context.log;
    this.#options = options;
    this.#timers = options.timers ?? nodeTimers;
    context.stopSignal.addEventListener('abort', () => this.#dispose(), { once: true });
  }

  async configure(plan: RunPlan): Promise<void> {
    const clock = (this.#options.createClock ?? createClock)(plan.clockOrigin);
    const phases = planPhases(plan.config);
    using store = openDatasetStore(`${plan.privateDirectory}/dataset`);
    const random = createRandomSource(plan.config.input.randomSeed);
    const { datasetSampling } = plan.config.input;
    // One for all phases: a profiling phase that began again at the first prompt would find the warm-up's in the server's cache.
    const sampler = createSampler(datasetSampling, store.conversationCount, random.stream('sampling'));
    const roster = new WorkerRoster(plan.workerIds, this.#timers);
    const router = await this.#context.sockets.router('credits');
    this.#prepared = { plan, clock, phases, random, sampler, roster, router };
    router.messages$.pipe(takeUntil(this.#stopped)).subscribe({
      next: ({ from, frames }) => this.#receive(from, frames),
      error: (error: unknown) => this.#context.fail(asError(error)),
    });
    this.#bus
      .messages$('worker_lost')
      .pipe(takeUntil(this.#stopped))
      .subscribe({
        next: ({ worker_id }) => this.#loseWorker(worker_id),
        error: (error: unknown) => this.#context.fail(asError(error)),
      });
  }

  async start(): Promise<void> {
    const { roster, phases } = this.#require();
    await roster.whenAllReady(WORKERS_READY_LIMIT_MS);
    for (const { load } of phases) roster.requireRoom(load.concurrency);
    if (!this.#isCancelled) this.#beginPhase(0);
  }

  async cancel(): Promise<void> {
    this.#isCancelled = true;
    if (this.#run === undefined) this.#end(true);
    else this.#run.cancel();
    // The phase gives up on requests that do not come back, so this wait has that deadline.
    await this.#ended.promise;
  }

  async stop(): Promise<void> {
    this.#dispose();
  }

  #require(): Prepared {
    if (this.#prepared === undefined) throw new Error('the timing manager was started before it was configured');
    return this.#prepared;
  }

  #beginPhase(phaseIndex: number): void {
    const prepared = this.#require();
    const { phases, clock, random, sampler, roster, plan } = prepared;
    const phase = phases[phaseIndex];
    if (phase === undefined || this.#isCancelled || roster.workers.length === 0) {
      this.#end(phase !== undefined);
      return;
    }
    this.#run = new PhaseRun({
      plan: phase,
      clock,
      timers: this.#timers,
      workers: roster.workers,
      port: this.#port(prepared),
      events: this.#events(phase),
      nextConversationIndex: () => sampler.next(),
      // A stream of its own for each kind, so that a warm-up does not change the profiling schedule.
      arrivalRandom: random.stream(phase.kind === 'profiling' ? 'arrivals' : `arrivals.${phase.kind}`),
      stallLimitNs: (plan.config.endpoint.requestTimeoutSec + STALL_MARGIN_SEC) * 1e9,
    });
    this.#run.begin();
  }

  #events(plan: PhasePlan): PhaseEvents {
    const phase = { phase: plan.kind, phase_index: plan.phaseIndex };
    return {
      started: (startNs) => {
        this.#log.info(`${plan.kind} begins`);
        this.#bus.publish('credit_phase_start', {
          ...phase,
          start_ns: startNs,
          total_expected_requests: plan.requestCount,
          expected_duration_sec: plan.durationNs === null ? null : plan.durationNs / 1e9,
        });
      },
      progressed: (counts) => this.#bus.publish('credit_phase_progress', { ...phase, ...counts }),
      sendingCompleted: (sent, sentEndNs) =>
        this.#bus.publish('credit_phase_sending_complete', { ...phase, sent, sent_end_ns: sentEndNs }),
      completed: (counts, endNs, endedEarly) => {
        this.#log.info(
          `${plan.kind} ends: ${counts.sent} sent, ${counts.completed} completed, ${counts.failed} failed, ` +
            `${counts.cancelled} cancelled, ${counts.lost} lost`,
        );
        this.#bus.publish('credit_phase_complete', { ...phase, ...counts, end_ns: endNs, was_cancelled: endedEarly });
        if (endedEarly) this.#end(true);
        else this.#beginPhase(plan.phaseIndex + 1);
      },
      warned: (message) => this.#log.warning(`${plan.kind}: ${message}`),
    };
  }

  #port({ router }: Prepared): WorkerPort {
    const send = (workerId: string, kind: string, payload: Uint8Array): void => {
      router.send(workerId, [Buffer.from(kind), payload]).catch((error: unknown) => {
        if (this.#isDisposed) return;
        this.#log.error(`${workerId} cannot be reached: ${asError(error).message}`);
        this.#loseWorker(workerId);
      });
    };
    return {
      beginPhase: (workerId, start) => send(workerId, CREDIT_MESSAGE_KINDS.phaseStart, json(start)),
      grant: (workerId, batch) => send(workerId, CREDIT_MESSAGE_KINDS.creditGrant, encodeCreditBatch(batch)),
      stopSending: (workerId, phaseIndex) => send(workerId, CREDIT_MESSAGE_KINDS.phaseEnd, json({ phaseIndex })),
      cancel: (workerId, phaseIndex) => send(workerId, CREDIT_MESSAGE_KINDS.cancelCredits, json({ phaseIndex })),
    };
  }

  #receive(workerId: string, frames: readonly Uint8Array[]): void {
    const { roster } = this.#require();
    const [kindFrame = new Uint8Array(), payload = new Uint8Array()] = frames;
    const kind = Buffer.from(kindFrame).toString('latin1');
    try {
      switch (kind) {
        case CREDIT_MESSAGE_KINDS.ready:
          roster.markReady(workerId, payload);
          break;
        case CREDIT_MESSAGE_KINDS.leaving:
          this.#loseWorker(workerId);
          break;
        case CREDIT_MESSAGE_KINDS.creditReturn:
          this.#takeBack(workerId, payload);
          break;
        default:
          this.#log.warning(`${workerId} sent a message of unknown kind ${JSON.stringify(kind)} on the credit socket`);
      }
    } catch (error) {
      this.#log.error(`${workerId}: ${kind} cannot be read: ${asError(error).message}`);
    }
  }

  #takeBack(workerId: string, payload: Uint8Array): void {
    const batch = decodeCreditReturnBatch(payload);
    // Returns of a phase that was given up arrive late and were counted as lost.
    if (this.#run?.phaseIndex === batch.phaseIndex) this.#run.takeBack(workerId, batch);
  }

  #loseWorker(workerId: string): void {
    this.#prepared?.roster.remove(workerId);
    this.#run?.loseWorker(workerId);
  }

  #end(wasCancelled: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#bus.publish('credits_complete', { was_cancelled: wasCancelled });
    this.#ended.resolve();
  }

  #dispose(): void {
    this.#isDisposed = true;
    this.#run?.dispose();
    this.#prepared?.roster.dispose();
    this.#stopped.next();
    this.#stopped.complete();
    this.#ended.resolve();
  }
}

const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
