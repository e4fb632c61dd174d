import { randomUUID } from 'node:crypto';
import { type Observable, Subject, merge, takeUntil } from 'rxjs';
import type { ConnectedBus } from './bus.ts';
import { CommsError, errorText, toError } from './comms-error.ts';
import {
  CONTROLLER_SERVICE_TYPE,
  type AnswerStatus,
  type ControlMessages,
  type LogLevel,
  type ServiceStage,
  type ServiceState,
} from './control-messages.ts';
import type { Network, OwnedDataSockets } from './network.ts';
import type { Bus, Envelope, Log, Service, ServiceContext } from './service.ts';

/** Waits between attempts to register: short ones first, because a whole run's start-up takes less than a second, then ten of 1 s. */
const REGISTRATION_WAITS_MS: readonly number[] = [50, 100, 200, 400, ...Array.from({ length: 10 }, () => 1_000)];

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

export interface ServiceHostOptions<M extends object, Plan> {
  readonly network: Network;
  readonly serviceId: string;
  readonly serviceType: string;
  /** Called once the bus works; subscriptions and sockets made in it are live before the service registers. */
  readonly createService: (context: ServiceContext<M>) => Service<Plan> | Promise<Service<Plan>>;
  /** Turns the payload of `profile_configure` into the plan. */
  readonly decodePlan: (text: string) => Plan;
  /** Default 5,000. */
  readonly heartbeatIntervalMs?: number;
  /** How long joining the bus may take. Default 30,000. */
  readonly connectDeadlineMs?: number;
  /** Waits between attempts to register; the service fails after the last. Default: about 11 s in all. */
  readonly registrationWaitsMs?: readonly number[];
  /** Records below this level are not sent. Default `info`. */
  readonly logLevel?: LogLevel;
}

/** How a service ended. */
export type ServiceOutcome =
  | { readonly state: 'stopped' }
  | { readonly state: 'failed'; readonly stage: ServiceStage; readonly error: Error };

type Command = ControlMessages['command'] & Envelope;

/**
 * Runs one service: joins the bus, makes the service, registers it with the controller, sends its heartbeat, answers its commands and
 * closes everything at the end.
 */
export class ServiceHost<M extends object, Plan> {
  /**
   * Resolves when the service has ended; never rejects. What it published last leaves when the process ends by itself: `process.exit` does
   * not wait for ZeroMQ.
   */
  readonly finished: Promise<ServiceOutcome>;

  readonly #options: ServiceHostOptions<M, Plan>;
  readonly #stopped$ = new Subject<void>();
  readonly #stopController = new AbortController();
  readonly #seenCommandIds = new Set<string>();
  readonly #resolveFinished: (outcome: ServiceOutcome) => void;
  #bus: ConnectedBus<ControlMessages> | undefined;
  #sockets: OwnedDataSockets | undefined;
  #service: Service<Plan> | undefined;
  #state: ServiceState = 'created';
  #stage: ServiceStage = 'connect';
  #failure: { readonly stage: ServiceStage; readonly error: Error } | undefined;
  #ending: Promise<void> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: ServiceHostOptions<M, Plan>) {
    this.#options = options;
    const finished = Promise.withResolvers<ServiceOutcome>();
    this.finished = finished.promise;
    this.#resolveFinished = finished.resolve;
  }

  get state(): ServiceState {
    return this.#state;
  }

  /** Resolves when the controller has acknowledged the service; rejects, with the service ended, when that fails. */
  async start(): Promise<void> {
    if (this.#state !== 'created') {
      throw new CommsError('AIPERF_COMMS_CLOSED', `${this.#options.serviceId} was started twice`);
    }
    try {
      this.#setState('initializing');
      await this.#initialize();
      this.#setState('starting');
      this.#stage = 'register';
      await this.#register();
    } catch (error) {
      this.#fail(toError(error));
    }
    await this.#settleStart();
  }

  /** Ends the service as the `shutdown` command does. Calling it again waits for the same end. */
  async stop(): Promise<void> {
    this.#ending ??= this.#end();
    await this.#ending;
  }

  async #settleStart(): Promise<void> {
    if (this.#failure !== undefined) {
      await this.stop();
      throw this.#failure.error;
    }
    if (this.#ending !== undefined) {
      await this.#ending;
      throw new CommsError('AIPERF_COMMS_CANCELLED', `${this.#options.serviceId} was stopped while it started`);
    }
    this.#setState('running');
    this.#stage = 'idle';
    this.#heartbeat = setInterval(() => {
      this.#bus?.publish('heartbeat', { service_type: this.#options.serviceType, state: this.#state });
    }, this.#options.heartbeatIntervalMs ?? 5_000);
  }

  async #initialize(): Promise<void> {
    const { network, serviceId, serviceType, connectDeadlineMs, createService } = this.#options;
    const onError = (error: Error): void => {
      this.#fail(error);
    };
    this.#bus = await network.connectBus<ControlMessages>({
      serviceId,
      ...(connectDeadlineMs === undefined ? {} : { deadlineMs: connectDeadlineMs }),
      onError: (error) => {
        this.#log('warning', `A bus message was dropped: ${error.message}`);
      },
    });
    this.#sockets = network.openSockets({ serviceId, onError });
    this.#stage = 'create';
    this.#service = await createService({
      serviceId,
      // The host's own messages and the domain's share one connection; each side sees its part of the map.
      bus: this.#bus as unknown as Bus<M>,
      sockets: this.#sockets,
      log: this.#createLog(),
      stopSignal: this.#stopController.signal,
      fail: onError,
    });
    this.#setState('initialized');
    const commands$: Observable<Command> = merge(
      this.#bus.messages$('command'),
      this.#bus.messagesTo$({ serviceType }, 'command'),
      this.#bus.messagesTo$({ serviceId }, 'command'),
    );
    commands$.pipe(takeUntil(this.#stopped$)).subscribe((command) => {
      this.#receive(command);
    });
  }

  async #register(): Promise<void> {
    const { serviceId, serviceType, registrationWaitsMs = REGISTRATION_WAITS_MS } = this.#options;
    const bus = this.#bus;
    if (bus === undefined) return;
    const commandId = randomUUID();
    const acknowledged = Promise.withResolvers<true>();
    const answers = bus.messagesTo$({ serviceId }, 'command_response').subscribe((answer) => {
      if (answer.command_id === commandId) acknowledged.resolve(true);
    });
    try {
      await bus.settle();
      for (const waitMs of registrationWaitsMs) {
        if (this.#ending !== undefined) return;
        bus.publishTo({ serviceType: CONTROLLER_SERVICE_TYPE }, 'command', {
          command: 'register_service',
          command_id: commandId,
          service_type: serviceType,
          state: this.#state,
        });
        if (await within(acknowledged.promise, waitMs, this.#stopController.signal)) return;
      }
      if (this.#ending !== undefined) return;
    } finally {
      answers.unsubscribe();
    }
    const totalMs = registrationWaitsMs.reduce((sum, waitMs) => sum + waitMs, 0);
    throw new CommsError(
      'AIPERF_COMMS_TIMEOUT',
      `${serviceId}: the ${CONTROLLER_SERVICE_TYPE} did not acknowledge the registration (${registrationWaitsMs.length} attempts in ${totalMs} ms)`,
    );
  }

  #receive(command: Command): void {
    if (command.service_id === this.#options.serviceId) return;
    if (this.#seenCommandIds.has(command.command_id)) {
      this.#answer(command, { status: 'acknowledged' });
      return;
    }
    this.#seenCommandIds.add(command.command_id);
    this.#run(command).catch((error: unknown) => {
      this.#answer(command, {
        status: 'failure',
        error: { type: error instanceof Error ? error.name : 'Error', message: errorText(error) },
      });
    });
  }

  async #run(command: Command): Promise<void> {
    const service = this.#service;
    if (service === undefined) throw new CommsError('AIPERF_COMMS_CLOSED', 'The service has not been made yet');
    switch (command.command) {
      case 'profile_configure': {
        this.#stage = 'configure';
        const plan = this.#options.decodePlan(command.payload ?? '');
        this.#answerValue(command, await service.configure(plan));
        this.#stage = 'idle';
        return;
      }
      case 'profile_start':
        this.#stage = 'start';
        this.#answerValue(command, await service.start());
        this.#stage = 'run';
        return;
      case 'profile_cancel':
        this.#stage = 'cancel';
        this.#answerValue(command, await service.cancel());
        this.#stage = 'idle';
        return;
      case 'shutdown':
        // Answered first: afterwards the bus is closed.
        this.#answer(command, { status: 'acknowledged' });
        await this.stop();
        return;
      default:
        this.#answer(command, { status: 'unhandled' });
    }
  }

  #answerValue(command: Command, data: unknown): void {
    this.#answer(command, data === undefined ? { status: 'acknowledged' } : { status: 'success', data });
  }

  #answer(
    command: Command,
    answer: {
      readonly status: AnswerStatus;
      readonly data?: unknown;
      readonly error?: { type: string; message: string };
    },
  ): void {
    this.#bus?.publishTo({ serviceId: command.service_id }, 'command_response', {
      command: command.command,
      command_id: command.command_id,
      ...answer,
    });
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) {
      this.#log('error', error.message);
      return;
    }
    this.#failure = { stage: this.#stage, error };
    this.#bus?.publish('service_error', {
      service_type: this.#options.serviceType,
      stage: this.#stage,
      message: error.message,
    });
    this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#setState('stopping');
    if (this.#failure === undefined) this.#stage = 'stop';
    this.#stopController.abort();
    try {
      await this.#service?.stop();
    } catch (error) {
      this.#fail(toError(error));
    }
    await this.#sockets?.close().catch((error: unknown) => {
      this.#fail(toError(error));
    });
    this.#stopped$.next();
    this.#setState(this.#failure === undefined ? 'stopped' : 'failed');
    this.#bus?.close();
    this.#resolveFinished(this.#failure === undefined ? { state: 'stopped' } : { state: 'failed', ...this.#failure });
  }

  #setState(state: ServiceState): void {
    this.#state = state;
    this.#bus?.publish('status', { service_type: this.#options.serviceType, state });
  }

  #createLog(): Log {
    const at = (level: LogLevel) => (message: string) => {
      this.#log(level, message);
    };
    return { debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error') };
  }

  #log(level: LogLevel, message: string): void {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.#options.logLevel ?? 'info')) return;
    this.#bus?.publish('log_record', { level, message, created: Date.now() / 1_000 });
  }
}

/** Hosts a service until it ends. Rejects when it cannot be started. */
export async function runService<M extends object, Plan>(
  options: ServiceHostOptions<M, Plan>,
): Promise<ServiceOutcome> {
  const host = new ServiceHost(options);
  await host.start();
  return await host.finished;
}

/** Whether `promise` resolves within `waitMs` and before the signal. */
async function within(promise: Promise<true>, waitMs: number, signal: AbortSignal): Promise<boolean> {
  const timer = Promise.withResolvers<false>();
  const handle = setTimeout(() => {
    timer.resolve(false);
  }, waitMs);
  const onAbort = (): void => {
    timer.resolve(false);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, timer.promise]);
  } finally {
    clearTimeout(handle);
    signal.removeEventListener('abort', onAbort);
  }
}
