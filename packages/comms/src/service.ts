import type { Observable } from 'rxjs';
import type { AddressName } from './address.ts';

/** What the bus adds to every body. */
export interface Envelope {
  readonly message_type: string;
  /** Sender. */
  readonly service_id: string;
  /** Wall-clock nanoseconds of sending, rounded to a double (256 ns): for ordering only. */
  readonly request_ns: number;
}

/**
 * Typed view of the event bus. `M` maps a message type to its body; topics are the message type with `$` appended.
 * Only control traffic goes here: nothing per request, nothing per token.
 */
export interface Bus<M extends object> {
  publish<T extends keyof M & string>(type: T, body: M[T]): void;
  /** Messages of one type from every service, this one included. Completes when the bus closes. */
  messages$<T extends keyof M & string>(type: T): Observable<M[T] & Envelope>;
}

export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
}

/** Sends to whoever pulls. */
export interface PushSocket {
  /** Resolves when the message is queued in ZeroMQ; waits while the receivers' bounded queues are full. */
  send(frames: readonly Uint8Array[]): Promise<void>;
}

/**
 * A push socket that never makes its caller wait: what the receivers do not take at once is kept in a bounded memory queue and, beyond it,
 * in a file of the run's private directory, and is sent in order when they catch up.
 */
export interface SpoolingPushSocket {
  post(frames: readonly Uint8Array[]): void;
  /** Messages not yet handed to ZeroMQ. */
  readonly pendingCount: number;
  /** Resolves when nothing is pending. */
  drain(): Promise<void>;
}

/** See `receiveEach`. */
export interface PullSocket {
  /** The oldest message, when there is one; the same again until it is taken away. `undefined` when the socket has been closed. */
  peek(): Promise<readonly Uint8Array[] | undefined>;
  /** Takes away what {@link peek} has given. */
  shift(): void;
}

export interface RouterMessage {
  readonly from: string;
  readonly frames: readonly Uint8Array[];
}

export interface RouterSocket {
  /** Throws `AIPERF_COMMS_UNREACHABLE` when no peer of that name is connected. */
  send(to: string, frames: readonly Uint8Array[]): Promise<void>;
  readonly messages$: Observable<RouterMessage>;
}

export interface DealerSocket {
  send(frames: readonly Uint8Array[]): Promise<void>;
  readonly messages$: Observable<readonly Uint8Array[]>;
}

/** Data sockets of one service; all are closed when the service stops. */
export interface DataSockets {
  push(address: AddressName): PushSocket;
  /** `spoolDirectory` must exist. */
  spoolingPush(address: AddressName, spoolDirectory: string): SpoolingPushSocket;
  pull(address: AddressName): PullSocket;
  router(address: AddressName): Promise<RouterSocket>;
  /** The peer is known to the router by the service's id. */
  dealer(address: AddressName): DealerSocket;
}

/** What a service is given when it is made. */
export interface ServiceContext<M extends object> {
  readonly serviceId: string;
  readonly bus: Bus<M>;
  readonly sockets: DataSockets;
  readonly log: Log;
  /** Aborted when the service must end. */
  readonly stopSignal: AbortSignal;
  /** Reports an error that the service cannot go on with; the controller is told the service's name and the message. */
  fail(error: Error): void;
}

/**
 * The long-running part of a package. Each method answers one command of the controller, within the controller's deadline; a rejection
 * is sent back as a failure that names the service and the command. A returned value must be JSON.
 */
export interface Service<Plan> {
  configure(plan: Plan): Promise<unknown>;
  start(): Promise<unknown>;
  /** Ends the load early: what is in flight is cancelled, what is finished is kept. */
  cancel(): Promise<unknown>;
  stop(): Promise<unknown>;
}
