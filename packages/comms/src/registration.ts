import { BehaviorSubject, type Observable, Subject, filter, firstValueFrom, merge } from 'rxjs';
import type { ConnectedBus } from './bus.ts';
import { CommsError } from './comms-error.ts';
import { CONTROLLER_SERVICE_TYPE, type ControlMessages, type ServiceState } from './control-messages.ts';
import { deadline } from './deadline.ts';
import { untilStopped } from './until-stopped.ts';

/** What is known about a registered service. */
export interface RegisteredService {
  readonly serviceId: string;
  readonly serviceType: string;
  readonly state: ServiceState;
  /** `performance.now()` of this process when the last heartbeat, status or registration arrived. */
  readonly lastSeenMs: number;
}

/** A service that ended or failed without having been asked to. */
export interface LostService {
  readonly serviceId: string;
  readonly reason: string;
}

export interface ServiceRegistryOptions {
  readonly bus: ConnectedBus<ControlMessages>;
  /** A running service that has not been heard of for longer is dead. Default 60,000. */
  readonly heartbeatTimeoutMs?: number;
  /** Source of `lastSeenMs`. Default `performance.now`. */
  readonly nowMs?: () => number;
}

/** The controller's list of services: acknowledges registrations and keeps states and last-seen times. */
export class ServiceRegistry {
  /** The registered services after every change of membership or state; begins with the present ones. */
  readonly services$: Observable<readonly RegisteredService[]>;
  /** Services that failed or were reported with {@link markLost}; each once. */
  readonly lost$: Observable<LostService>;

  readonly #bus: ConnectedBus<ControlMessages>;
  readonly #heartbeatTimeoutMs: number;
  readonly #nowMs: () => number;
  readonly #services = new Map<string, RegisteredService>();
  readonly #lost = new Map<string, LostService>();
  readonly #changes$ = new BehaviorSubject<readonly RegisteredService[]>([]);
  readonly #losses$ = new Subject<LostService>();
  readonly #closed = new AbortController();

  constructor(options: ServiceRegistryOptions) {
    this.#bus = options.bus;
    this.#heartbeatTimeoutMs = options.heartbeatTimeoutMs ?? 60_000;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.services$ = this.#changes$.asObservable();
    this.lost$ = this.#losses$.asObservable();
    this.#listen();
  }

  get services(): readonly RegisteredService[] {
    return [...this.#services.values()];
  }

  /** Says that a service is gone (its process exited, say); whoever waits for it hears so at once. */
  markLost(serviceId: string, reason: string): void {
    if (this.#lost.has(serviceId)) return;
    const lost = { serviceId, reason };
    this.#lost.set(serviceId, lost);
    this.#losses$.next(lost);
  }

  /** Resolves when all of them have registered; rejects naming those that have not, or one that was lost. */
  waitForServices(serviceIds: readonly string[], options: WaitOptions): Promise<void> {
    return this.#waitFor(serviceIds, 'register', (id) => this.#services.has(id) && !this.#lost.has(id), options);
  }

  /** Resolves when all of them have stopped, failed or been lost. */
  waitForStopped(serviceIds: readonly string[], options: WaitOptions): Promise<void> {
    const hasEnded = (id: string): boolean => {
      const state = this.#services.get(id)?.state;
      return state === 'stopped' || state === 'failed' || this.#lost.has(id);
    };
    return this.#waitFor(serviceIds, 'stop', hasEnded, options);
  }

  /** Running services that have not been heard of for the heartbeat time-out. */
  deadServices(): readonly RegisteredService[] {
    const oldestMs = this.#nowMs() - this.#heartbeatTimeoutMs;
    return this.services.filter(({ state, lastSeenMs }) => state === 'running' && lastSeenMs < oldestMs);
  }

  close(): void {
    this.#closed.abort();
    this.#changes$.complete();
    this.#losses$.complete();
  }

  #listen(): void {
    const bus = this.#bus;
    bus
      .messagesTo$({ serviceType: CONTROLLER_SERVICE_TYPE }, 'command')
      .pipe(untilStopped(this.#closed.signal))
      .subscribe((command) => {
        const isRegistration = command.command === 'register_service';
        if (isRegistration) this.#update(command.service_id, command.service_type ?? '', command.state ?? 'starting');
        bus.publishTo({ serviceId: command.service_id }, 'command_response', {
          command: command.command,
          command_id: command.command_id,
          status: isRegistration ? 'acknowledged' : 'unhandled',
        });
      });
    merge(bus.messages$('heartbeat'), bus.messages$('status'))
      .pipe(untilStopped(this.#closed.signal))
      .subscribe(({ service_id: serviceId, service_type: serviceType, state }) => {
        if (this.#services.has(serviceId)) this.#update(serviceId, serviceType, state);
      });
    bus
      .messages$('service_error')
      .pipe(untilStopped(this.#closed.signal))
      .subscribe(({ service_id: serviceId, stage, message }) => {
        this.markLost(serviceId, `failed at ${stage}: ${message}`);
      });
  }

  #update(serviceId: string, serviceType: string, state: ServiceState): void {
    const known = this.#services.get(serviceId);
    this.#services.set(serviceId, { serviceId, serviceType, state, lastSeenMs: this.#nowMs() });
    if (known?.state !== state) this.#changes$.next(this.services);
  }

  async #waitFor(
    serviceIds: readonly string[],
    verb: string,
    isDone: (serviceId: string) => boolean,
    options: WaitOptions,
  ): Promise<void> {
    const missing = (): readonly string[] => serviceIds.filter((id) => !isDone(id));
    const lostOf = (): LostService | undefined => missing().flatMap((id) => this.#lost.get(id) ?? [])[0];
    using limit = deadline(options);
    const event$ = merge(this.#changes$, this.#losses$, limit.expired$).pipe(
      filter(() => missing().length === 0 || lostOf() !== undefined || limit.isExpired),
      untilStopped(this.#closed.signal),
    );
    await firstValueFrom(event$, { defaultValue: undefined });
    const ids = missing();
    if (ids.length === 0) return;
    const lost = lostOf();
    if (lost !== undefined) {
      throw new CommsError(
        'AIPERF_COMMS_SERVICE_LOST',
        `${lost.serviceId} was lost while services were to ${verb}: ${lost.reason}`,
      );
    }
    if (!limit.isExpired) {
      throw new CommsError('AIPERF_COMMS_CLOSED', `${ids.join(', ')} did not ${verb} before the registry was closed`);
    }
    throw limit.error(`${ids.join(', ')} did not ${verb}`);
  }
}

export interface WaitOptions {
  readonly deadlineMs: number;
  /** Ends the wait early. */
  readonly signal?: AbortSignal;
}
