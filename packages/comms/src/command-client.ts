import { randomUUID } from 'node:crypto';
import { EMPTY, type Observable, Subject, filter, firstValueFrom, merge, tap } from 'rxjs';
import type { ConnectedBus } from './bus.ts';
import { CommsError, type CommsErrorCode } from './comms-error.ts';
import type { AnswerStatus, ControlMessages } from './control-messages.ts';
import { deadline, type Deadline } from './deadline.ts';
import type { LostService } from './registration.ts';
import type { Envelope } from './service.ts';

/** What one service answered. */
export interface CommandAnswer {
  readonly serviceId: string;
  readonly status: AnswerStatus;
  /** What the service's method returned. */
  readonly data?: unknown;
  readonly error?: { readonly type: string; readonly message: string };
}

/** Not every service carried a command out. The message names the others and what they said; `answers` keeps all that came. */
export class CommandError extends CommsError {
  readonly command: string;
  readonly answers: readonly CommandAnswer[];
  /** Services without an answer. */
  readonly missing: readonly string[];

  constructor(code: CommsErrorCode, message: string, outcome: CommandOutcome) {
    super(code, message);
    this.command = outcome.command;
    this.answers = outcome.answers;
    this.missing = outcome.missing;
  }
}

interface CommandOutcome {
  readonly command: string;
  readonly answers: readonly CommandAnswer[];
  readonly missing: readonly string[];
}

export interface SendCommandOptions {
  /** Ids of the services that must answer. */
  readonly targets: readonly string[];
  readonly deadlineMs: number;
  /** Argument, as text that the services understand. */
  readonly payload?: string;
  /** Waits for the other answers even when a service has failed or was lost, as is wanted when stopping. Default false. */
  readonly waitForAll?: boolean;
  /** Stops waiting. */
  readonly signal?: AbortSignal;
}

export interface CommandClientOptions {
  readonly bus: ConnectedBus<ControlMessages>;
  /** Services that will not answer any more; a command that waits for one rejects at once. */
  readonly lost$?: Observable<LostService>;
}

/** Sends commands to services and collects their answers. */
export class CommandClient {
  readonly #bus: ConnectedBus<ControlMessages>;
  readonly #lost = new Map<string, string>();
  readonly #losses$ = new Subject<void>();
  readonly #answers$: Observable<ControlMessages['command_response'] & Envelope>;

  private constructor(options: CommandClientOptions) {
    this.#bus = options.bus;
    this.#answers$ = options.bus.messagesTo$({ serviceId: options.bus.serviceId }, 'command_response');
    (options.lost$ ?? EMPTY).subscribe(({ serviceId, reason }) => {
      this.#lost.set(serviceId, reason);
      this.#losses$.next();
    });
  }

  /** Makes a client whose subscription to answers is live. */
  static async create(options: CommandClientOptions): Promise<CommandClient> {
    const client = new CommandClient(options);
    // Held for the client's life: a subscription made with each command could come after the first answer.
    client.#answers$.subscribe();
    await options.bus.settle();
    return client;
  }

  /**
   * Sends one command to each target and resolves with their answers, in the order of the targets.
   * Rejects with {@link CommandError} when a target fails, is lost, does not know the command, or does not answer in time.
   */
  async sendCommand(command: string, options: SendCommandOptions): Promise<readonly CommandAnswer[]> {
    const { targets, payload, waitForAll = false } = options;
    const commandId = randomUUID();
    const answers = new Map<string, CommandAnswer>();
    const missing = (): readonly string[] => targets.filter((id) => !answers.has(id));
    using limit = deadline(options);
    const isOver = (): boolean => {
      const silent = missing();
      const remaining = silent.filter((id) => !this.#lost.has(id));
      if (remaining.length === 0 || limit.isExpired) return true;
      return !waitForAll && (silent.length > remaining.length || [...answers.values()].some(hasFailed));
    };
    const answered$ = this.#answers$.pipe(
      filter((answer) => answer.command_id === commandId && targets.includes(answer.service_id)),
      tap((answer) => answers.set(answer.service_id, toAnswer(answer))),
    );
    if (!isOver()) {
      const ended = firstValueFrom(merge(answered$, this.#losses$, limit.expired$).pipe(filter(isOver)), {
        defaultValue: undefined,
      });
      for (const serviceId of targets) {
        this.#bus.publishTo({ serviceId }, 'command', {
          command,
          command_id: commandId,
          ...(payload === undefined ? {} : { payload }),
        });
      }
      await ended;
    }
    return this.#conclude({ command, answers: [...answers.values()], missing: missing() }, options, limit);
  }

  #conclude(outcome: CommandOutcome, options: SendCommandOptions, limit: Deadline): readonly CommandAnswer[] {
    const { command, answers, missing } = outcome;
    const failed = answers.filter(hasFailed);
    const lost = missing.filter((id) => this.#lost.has(id));
    if (failed.length > 0) {
      const texts = failed.map(
        ({ serviceId, error }) => `${serviceId} ${error?.message ?? 'does not know the command'}`,
      );
      throw new CommandError('AIPERF_COMMS_COMMAND_FAILED', `${command} failed: ${texts.join('; ')}`, outcome);
    }
    if (lost.length > 0) {
      const texts = lost.map((id) => `${id} ${this.#lost.get(id) ?? ''}`);
      throw new CommandError('AIPERF_COMMS_SERVICE_LOST', `${command} failed: ${texts.join('; ')}`, outcome);
    }
    if (missing.length > 0) {
      const { code, message } = limit.error(`${command}: no answer from ${missing.join(', ')}`);
      throw new CommandError(code, message, outcome);
    }
    const rank = new Map(options.targets.map((id, index) => [id, index]));
    return answers.toSorted((a, b) => (rank.get(a.serviceId) ?? 0) - (rank.get(b.serviceId) ?? 0));
  }
}

function hasFailed({ status }: CommandAnswer): boolean {
  return status === 'failure' || status === 'unhandled';
}

function toAnswer(answer: ControlMessages['command_response'] & Envelope): CommandAnswer {
  const { service_id: serviceId, status, data, error } = answer;
  return {
    serviceId,
    status,
    ...(data === undefined ? {} : { data }),
    ...(error === undefined ? {} : { error }),
  };
}
