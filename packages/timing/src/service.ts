import type { Bus, Log, RouterSocket, Service, ServiceContext } from '@aiperf/comms';
import type { ClockOrigin, RunPlan } from '@aiperf/config';
import { createRandomSource, createSampler, openDatasetStore, storeDirectory } from '@aiperf/dataset';
import { Subject, takeUntil } from 'rxjs';
import { createClock } from '@aiperf/records/clock';
import type { Clock } from '@aiperf/records/clock';
import { CREDIT_MESSAGE_KINDS } from './credit.ts';
import { decodeCreditReturnBatch, encodeCreditBatch } from './credit-codec.ts';
import type { TimingMessages } from './messages.ts';
import { LoadRun } from './phase/load-run.ts';
import { createPhaseInputs, planSchedule } from './phase/phase-inputs.ts';
import type { LoadInputs } from './phase/phase-inputs.ts';
import { planPhases } from './phase/phase-plan.ts';
import type { PhasePlan } from './phase/phase-plan.ts';
import type { PhaseEvents, WorkerPort } from './phase/phase-port.ts';
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
interface Configured {
  readonly plan: RunPlan;
  readonly clock: Clock;
  readonly phases: readonly PhasePlan[];
  readonly inputs: LoadInputs;
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
  #configured: Configured | undefined;
  #run: LoadRun | undefined;
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
    // Closed, a store still has its index, and the bodies are not for this process.
    using times = openDatasetStore(storeDirectory(plan.privateDirectory));
    const random = createRandomSource(plan.config.input.randomSeed);
    const { datasetSampling } = plan.config.input;
    // One for all phases: a profiling phase that began again at the first prompt would find the warm-up's in the server's cache.
    const sampler = createSampler(datasetSampling, times.conversationCount, random.stream('sampling'));
    const inputs: LoadInputs = { times, random, nextConversationIndex: () => sampler.next() };
    this.#check(phases, inputs);
    const roster = new WorkerRoster(plan.workerIds, this.#timers);
    const router = await this.#context.sockets.router('credits');
    this.#configured = { plan, clock, phases, inputs, roster, router };
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
    for (const { load } of phases) roster.requireRoom(load.concurrency ?? null);
    if (this.#isCancelled) return;
    this.#run = this.#createRun();
    this.#run.begin();
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

  #require(): Configured {
    if (this.#configured === undefined) throw new Error('the timing manager was started before it was configured');
    return this.#configured;
  }

  /** What a phase cannot begin with is said before the load, not in the middle of it. */
  #check(phases: readonly PhasePlan[], inputs: LoadInputs): void {
    for (const phase of phases) {
      if (phase.mode === 'fixed_schedule') {
        const { entries, leftOutCount, warnings } = planSchedule(phase, inputs.times);
        for (const warning of warnings) this.#log.warning(warning);
        const leftOut = leftOutCount === 0 ? '' : `, ${leftOutCount} lie outside the window`;
        this.#log.info(`${phase.name}: ${entries.length} conversations on schedule${leftOut}`);
      } else {
        createPhaseInputs(phase, inputs).createSessions(0);
      }
    }
  }

  #createRun(): LoadRun {
    const configured = this.#require();
    const { phases, clock, inputs, roster, plan } = configured;
    return new LoadRun({
      phases,
      clock,
      timers: this.#timers,
      workers: () => roster.workers,
      port: this.#port(configured),
      inputs,
      stallLimitNs: (plan.config.endpoint.requestTimeoutSec + STALL_MARGIN_SEC) * 1e9,
      events: (phase) => this.#events(phase),
      ended: (endedEarly) => this.#end(endedEarly),
    });
  }

  #events(plan: PhasePlan): PhaseEvents {
    const phase = { phase: plan.kind, phase_index: plan.phaseIndex, phase_name: plan.name };
    const { mode } = plan;
    return {
      started: (startNs) => {
        this.#log.info(`${plan.name} begins`);
        this.#bus.publish('credit_phase_start', {
          ...phase,
          mode,
          start_ns: startNs,
          total_expected_requests: plan.requestCount,
          total_expected_sessions: plan.sessionCount,
          expected_duration_sec: plan.durationNs === null ? null : plan.durationNs / 1e9,
        });
      },
      progressed: (counts) => this.#bus.publish('credit_phase_progress', { ...phase, ...counts }),
      sendingCompleted: (sent, sentEndNs) =>
        this.#bus.publish('credit_phase_sending_complete', { ...phase, sent, sent_end_ns: sentEndNs }),
      completed: (counts, endNs, endedEarly) => {
        this.#log.info(
          `${plan.name} ends: ${counts.sent} sent, ${counts.completed} completed, ${counts.failed} failed, ` +
            `${counts.cancelled} cancelled, ${counts.lost} lost; ${counts.sessions} sessions`,
        );
        this.#bus.publish('credit_phase_complete', {
          ...phase,
          ...counts,
          mode,
          end_ns: endNs,
          was_cancelled: endedEarly,
        });
      },
      warned: (message) => this.#log.warning(`${plan.name}: ${message}`),
    };
  }

  #port({ router }: Configured): WorkerPort {
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
      recall: (workerId, recall) => send(workerId, CREDIT_MESSAGE_KINDS.recallCredits, json(recall)),
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
    this.#run?.takeBack(workerId, decodeCreditReturnBatch(payload));
  }

  #loseWorker(workerId: string): void {
    this.#configured?.roster.remove(workerId);
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
    this.#configured?.roster.dispose();
    this.#stopped.next();
    this.#stopped.complete();
    this.#ended.resolve();
  }
}

const json = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
