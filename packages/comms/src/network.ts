import type { ConnectedBus } from './bus.ts';
import type { DataSockets } from './service.ts';

/** Who joins a network. */
export interface JoinOptions {
  /** Sender of what is published, and the name under which routers know the service. */
  readonly serviceId: string;
}

export interface JoinBusOptions extends JoinOptions {
  /** How long joining, or `settle`, may take. Default 30,000. */
  readonly deadlineMs?: number;
  /** Hears of messages that could not be read or sent, which are dropped. Default: not reported. */
  readonly onError?: (error: Error) => void;
}

export interface OpenSocketsOptions extends JoinOptions {
  /** Hears of a socket or a handler that failed: the service cannot go on. */
  readonly onError: (error: Error) => void;
}

/** Data sockets with their end. */
export interface OwnedDataSockets extends DataSockets {
  /** Ends what they receive and gives up what they have not sent. */
  close(): Promise<void>;
}

/** What joins the services of a run to each other: real sockets, or the memory of one process. */
export interface Network {
  /** Joins the event bus: nothing that is published or subscribed to from then on is missed. */
  connectBus<M extends object>(options: JoinBusOptions): Promise<ConnectedBus<M>>;
  openSockets(options: OpenSocketsOptions): OwnedDataSockets;
}
