import { randomBytes } from 'node:crypto';
import { CommandClient, CommandError, type ConnectedBus, type ControlMessages, ServiceRegistry } from '@aiperf/comms';
import { encodePlan, type RunPlan, type UserConfig } from '@aiperf/config';
import type { MetricsMessages, RecordsManagerInputs, RunResults } from '@aiperf/metrics';
import type { TimingMessages } from '@aiperf/timing';
import { createClockOrigin } from '@aiperf/records/clock';
import { firstValueFrom, map } from 'rxjs';
import { ControllerError } from './controller-error.ts';
import { type HostedServices, hostServices } from './host-services.ts';
import type { RunEnvironment, RunLinks } from './hosting.ts';
import { type Placement, placedServices } from './placement.ts';
import type { RunLog } from './run-log.ts';
import type { ProgressTracker } from './run-progress.ts';
import { type ServiceRow, SERVICES, type ServiceType } from './service-table.ts';
import type { Supervisor } from './supervisor.ts';

const REGISTRATION_DEADLINE_MS = 30_000;
const CONFIGURE_DEADLINE_MS = 300_000;
const START_DEADLINE_MS = 60_000;
const CANCEL_DEADLINE_MS = 10_000;
const SHUTDOWN_DEADLINE_MS = 5_000;
/** After a failure: what the processors that are left still hold must arrive in this time. */
const SALVAGE_MS = 60_000;
const RESULTS_AFTER_FAILURE_MS = 60_000;
const HEARTBEAT_CHECK_MS = 5_000;

type RunMessages = ControlMessages & TimingMessages & MetricsMessages & RecordsManagerInputs;

export interface LiveRunOptions {
  readonly config: UserConfig;
  readonly commandLine: string;
  readonly runDirectory: string;
  readonly recordMetadata?: Readonly<Record<string, string>>;
  readonly placement: Placement;
  readonly environment: RunEnvironment;
  readonly log: RunLog;
  readonly tracker: ProgressTracker;
  /** Hears of whatever keeps the run from going on. */
  readonly onFailure: (reason: string) => void;
}

/** The live parts of one run: its processes, bus and services. The system controller decides what they do when. */
export class LiveRun {
  readonly plan: RunPlan;
  readonly supervisor: Supervisor;
  readonly #placement: Placement;
  readonly #options: LiveRunOptions;
  readonly #log: RunLog;
  readonly #tracker: ProgressTracker;
  readonly #onFailure: (reason: string) => void;
  readonly #links: RunLinks;
  #local: HostedServices | undefined;
  #bus: ConnectedBus<RunMessages> | undefined;
  #results: Promise<RunResults> | undefined;
  #registry: ServiceRegistry | undefined;
  #commands: CommandClient | undefined;
  #heartbeatCheck: NodeJS.Timeout | undefined;
  readonly #lost = new Set<string>();
  /** Ends the waits of a start that is given up. */
  readonly #stopController = new AbortController();
  #starting: Promise<void> = Promise.resolve();
  /** Whether every child can be reached by a command. */
  #haveRegistered = false;
  #mayHaveBegun = false;
  #isStopping = false;

  constructor(options: LiveRunOptions) {
    const { config, commandLine, runDirectory, placement, environment, log, tracker, onFailure } = options;
    this.#options = options;
    this.#log = log;
    this.#tracker = tracker;
    this.#onFailure = onFailure;
    this.#placement = placement;
    this.plan = {
      benchmarkId: randomBytes(6).toString('hex'),
      config,
      clockOrigin: createClockOrigin(),
      runDirectory,
      privateDirectory: environment.privateDirectory,
      workerIds: this.#idsOf('worker'),
      recordProcessorIds: this.#idsOf('record_processor'),
      commandLine,
      ...(options.recordMetadata === undefined ? {} : { recordMetadata: options.recordMetadata }),
    };
    // An address in use is found here, before any process is started.
    this.#links = environment.connect((error) => this.#fail(`the message bus failed: ${error.message}`));
    this.supervisor = this.#links.supervisor;
  }

  /** Resolves when the first phase has begun. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { supervisor } = this;
    const { signal } = this.#stopController;
    this.#watchProcesses();
    supervisor.start(this.#placement.children);
    const bus = await this.#links.network.connectBus<RunMessages>({
      serviceId: 'system_controller',
      onError: (error) => this.#log.write('warning', 'system_controller', error.message),
    });
    this.#bus = bus;
    const control = bus as unknown as ConnectedBus<ControlMessages>;
    const registry = new ServiceRegistry({ bus: control });
    this.#registry = registry;
    this.#watchServices(bus, registry);
    // Before anything is started, so that not even the shortest run can end unheard.
    this.#results = firstValueFrom(bus.messages$('process_records_result').pipe(map(({ results }) => results)));
    // A run that is given up closes the bus, and nobody waits for results any more.
    this.#results.catch(() => undefined);
    const commands = await CommandClient.create({ bus: control, lost$: registry.lost$ });
    this.#commands = commands;
    signal.throwIfAborted();
    const { logLevel } = this.#options.config.service;
    const { network, surroundings } = this.#links;
    this.#local = hostServices({ services: this.#placement.local, logLevel }, network, surroundings);
    this.#debug('bus connected');
    const childIds = this.#placement.children.flatMap(({ services }) => services.map(({ serviceId }) => serviceId));
    await Promise.all([
      registry.waitForServices(childIds, { deadlineMs: REGISTRATION_DEADLINE_MS, signal }).then(() => {
        this.#haveRegistered = true;
        this.#debug('registered');
      }),
      this.#local.started.then(() => this.#makeDataset()).then(() => this.#debug('dataset ready')),
    ]);
    await this.#configure(this.#idsWhere(({ order }) => order !== 'first'));
    this.#debug('configured');
    const followers = this.#idsWhere(({ order }) => order !== 'last');
    const timing = this.#idsWhere(({ order }) => order === 'last');
    await commands.sendCommand('profile_start', { targets: followers, deadlineMs: START_DEADLINE_MS, signal });
    this.#mayHaveBegun = true;
    await commands.sendCommand('profile_start', { targets: timing, deadlineMs: START_DEADLINE_MS, signal });
    this.#debug('started');
  }

  /** Whether requests may have been sent. The timing manager sends them before its answer to the start is here. */
  get mayHaveBegun(): boolean {
    return this.#mayHaveBegun;
  }

  /** Resolves when the records manager has summarised everything. */
  results(): Promise<RunResults> {
    if (this.#results === undefined)
      throw new ControllerError('AIPERF_CONTROLLER_SERVICE', 'the run has not been started');
    return this.#results;
  }

  async cancel(): Promise<void> {
    await this.#commands?.sendCommand('profile_cancel', {
      targets: this.#idsWhere(({ order }) => order === 'last'),
      deadlineMs: CANCEL_DEADLINE_MS,
    });
  }

  /** After a failure: ends the load wherever it still runs and has the records summarised that arrived. */
  async salvage(results: Promise<RunResults>, reason: string): Promise<RunResults> {
    // What is in flight ends first, so that its records are on their way; processors answer when they have passed on what came.
    await this.#cancelLiving(
      this.#idsWhere(({ ends }) => ends === 'load'),
      CANCEL_DEADLINE_MS,
    );
    this.#debug('load ended');
    // A full disk, say: nobody is left who could make results of what still comes.
    if (this.#living(this.#idsOf('records_manager')).length === 0) {
      throw new ControllerError('AIPERF_CONTROLLER_SERVICE', reason);
    }
    await this.#cancelLiving(
      this.#idsWhere(({ ends }) => ends === 'records'),
      SALVAGE_MS,
    );
    this.#debug('records passed on');
    this.#bus?.publish('producers_gone', { reason });
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new ControllerError('AIPERF_CONTROLLER_SERVICE', `${reason}; the records could not be summarised either`),
        );
      }, RESULTS_AFTER_FAILURE_MS);
    });
    try {
      return await Promise.race([results, deadline]);
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopController.abort();
    // A start that went on would open what is closed below. What it failed with has been said.
    await this.#starting.catch(() => undefined);
    clearInterval(this.#heartbeatCheck);
    if (this.#haveRegistered) await this.#shutDownServices();
    // A child that has not joined the bus cannot be asked, and has nothing to lose.
    else await this.supervisor.stop(0);
    await this.#local?.stop();
    this.#registry?.close();
    this.#bus?.close();
    this.#links.close();
  }

  /** What the dataset is made from, such as the tokenizer, was named by the user: if that cannot be used, it is said as such. */
  async #makeDataset(): Promise<void> {
    try {
      await this.#configure(this.#idsWhere(({ order }) => order === 'first'));
    } catch (error) {
      const [failed] = error instanceof CommandError ? error.answers : [];
      if (failed?.error === undefined) throw error;
      throw new ControllerError('AIPERF_CONTROLLER_UNUSABLE', failed.error.message, { cause: error });
    }
  }

  /** What cannot answer in time is on its own: the others have been told. */
  async #cancelLiving(serviceIds: readonly string[], deadlineMs: number): Promise<void> {
    await this.#commands
      ?.sendCommand('profile_cancel', { targets: this.#living(serviceIds), deadlineMs, waitForAll: true })
      .catch((error: Error) => this.#debug(error.message));
  }

  #living(serviceIds: readonly string[]): readonly string[] {
    return serviceIds.filter((id) => !this.#lost.has(id));
  }

  async #shutDownServices(): Promise<void> {
    // The records manager is in this process and ends last: a processor could not pass on its rows without it.
    const children = this.#placement.children.flatMap(({ services }) => services.map(({ serviceId }) => serviceId));
    const targets = this.#living(children);
    await this.#commands
      ?.sendCommand('shutdown', { targets, deadlineMs: SHUTDOWN_DEADLINE_MS, waitForAll: true })
      .catch((error: Error) => this.#debug(error.message));
    const killed = await this.supervisor.stop(SHUTDOWN_DEADLINE_MS);
    for (const name of killed) this.#log.write('warning', 'system_controller', `${name} did not end and was killed`);
  }

  async #configure(targets: readonly string[]): Promise<void> {
    await this.#commands?.sendCommand('profile_configure', {
      targets,
      deadlineMs: CONFIGURE_DEADLINE_MS,
      signal: this.#stopController.signal,
      payload: encodePlan(this.plan),
    });
  }

  #watchProcesses(): void {
    this.supervisor.output$.subscribe({
      next: ({ processName, line }) => this.#log.write('info', processName, line),
      error: (error: Error) => this.#fail(error.message),
    });
    this.supervisor.unexpectedExits$.subscribe({
      next: ({ process, pid, reason }) => {
        for (const { serviceId } of process.services) this.#registry?.markLost(serviceId, `(pid ${pid}) ${reason}`);
        // Before there is a registry nobody else says so.
        if (this.#registry === undefined) this.#fail(`${process.name} (pid ${pid}) ${reason}`);
      },
      error: (error: Error) => this.#fail(error.message),
    });
  }

  #watchServices(bus: ConnectedBus<RunMessages>, registry: ServiceRegistry): void {
    const onError = (error: Error): void => this.#fail(error.message);
    this.#tracker.listen(bus as unknown as ConnectedBus<TimingMessages & MetricsMessages>, onError);
    bus.messages$('log_record').subscribe({
      next: ({ level, service_id: source, message }) => this.#log.write(level, source, message),
      error: onError,
    });
    registry.lost$.subscribe({
      next: ({ serviceId, reason }) => {
        this.#lost.add(serviceId);
        if (this.plan.workerIds.includes(serviceId)) bus.publish('worker_lost', { worker_id: serviceId });
        this.#fail(`${serviceId} ${reason}`);
      },
      error: onError,
    });
    let lastCheckMs = performance.now();
    this.#heartbeatCheck = setInterval(() => {
      const sinceMs = performance.now() - lastCheckMs;
      lastCheckMs += sinceMs;
      // This process was stopped for a while itself: the heartbeats of that time have yet to be read.
      if (sinceMs > 2 * HEARTBEAT_CHECK_MS) return;
      for (const { serviceId } of registry.deadServices()) registry.markLost(serviceId, 'stopped answering');
    }, HEARTBEAT_CHECK_MS);
  }

  #debug(message: string): void {
    this.#log.write('debug', 'system_controller', message);
  }

  #fail(reason: string): void {
    if (!this.#isStopping) this.#onFailure(reason);
  }

  #idsOf(type: ServiceType): readonly string[] {
    return this.#idsWhere((row) => row === SERVICES[type]);
  }

  #idsWhere(isMeant: (row: ServiceRow) => boolean): readonly string[] {
    const services = placedServices(this.#placement).filter(({ serviceType }) => isMeant(SERVICES[serviceType]));
    return services.map(({ serviceId }) => serviceId);
  }
}
