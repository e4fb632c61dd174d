import type { Socket } from 'node:net';

import type { Clock } from '@aiperf/records/clock';
import { buildConnector } from 'undici';

import type { Target } from './target.ts';

/** setTimeout cannot wait longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A request's own deadline comes first, so that it ends with a time-out and not with a failed connection. */
const AFTER_DEADLINE_MS = 1000;

/** How one socket came to be, in run nanoseconds. */
export interface SocketTrip {
  readonly connectStartNs: number;
  /** NaN for an address, which needs no look-up. */
  dnsEndNs: number;
  connectEndNs: number;
  /** Opened ahead of the load, or has carried a request already. */
  isUsed: boolean;
}

/** Opens sockets for undici's clients, remembers when, and hands out those that a warm-up opened before. */
export class UndiciConnector {
  readonly #target: Target;
  readonly #clock: Clock;
  readonly #build: buildConnector.connector;
  readonly #trips = new Map<Socket, SocketTrip>();
  readonly #prepared: Socket[] = [];

  constructor(target: Target, clock: Clock, timeoutMs: number, authorities: string[] | undefined) {
    this.#target = target;
    this.#clock = clock;
    this.#build = buildConnector({
      allowH2: true,
      preferH2: true,
      timeout: Math.min(MAX_TIMER_MS, timeoutMs + AFTER_DEADLINE_MS),
      ...(authorities === undefined ? {} : { ca: authorities }),
    });
  }

  /** Opens one socket ahead; it is used by the next client that asks for one. Returns what gives it up. */
  prepare(onSettled: (isOpen: boolean) => void): () => void {
    let isGivenUp = false;
    const { isTls, host, port, origin } = this.#target;
    const options = {
      hostname: host,
      host: new URL(origin).host,
      protocol: isTls ? 'https:' : 'http:',
      port: String(port),
    };
    this.#open(options, (error, socket) => {
      if (socket === null) {
        onSettled(false);
        return;
      }
      if (isGivenUp) socket.destroy();
      else this.#prepared.push(socket);
      onSettled(error === null);
    });
    return () => {
      isGivenUp = true;
    };
  }

  readonly connect: buildConnector.connector = (options, callback) => {
    for (let socket = this.#prepared.pop(); socket !== undefined; socket = this.#prepared.pop()) {
      const trip = this.#trips.get(socket);
      if (trip === undefined || socket.destroyed) continue;
      trip.isUsed = true;
      const open = socket;
      queueMicrotask(() => callback(null, open));
      return;
    }
    this.#open(options, callback);
  };

  /** Sockets that are open or being opened. */
  get openCount(): number {
    return this.#trips.size;
  }

  /** What is known of a socket that carries a request. */
  tripOf(socket: Socket): SocketTrip | undefined {
    return this.#trips.get(socket);
  }

  /** Destroys every socket and waits until they are gone. */
  async close(): Promise<void> {
    const open = [...this.#trips.keys()];
    await Promise.all(
      open.map(
        async (socket) =>
          new Promise<void>((resolve) => {
            if (socket.closed) resolve();
            socket.once('close', () => resolve());
            socket.destroy();
          }),
      ),
    );
  }

  #open(options: buildConnector.Options, callback: buildConnector.Callback): void {
    const trip: SocketTrip = {
      connectStartNs: this.#clock.now(),
      dnsEndNs: Number.NaN,
      connectEndNs: Number.NaN,
      isUsed: false,
    };
    const settle = (...[error, socket]: Parameters<buildConnector.Callback>): void => {
      trip.connectEndNs = this.#clock.now();
      if (error === null) callback(null, socket);
      else callback(error, null);
    };
    // undici's connector returns its socket, although its types hide it: only so can the look-up be seen, and a socket be closed while it connects.
    const socket = this.#build(options, settle) as unknown as Socket;
    this.#trips.set(socket, trip);
    socket.once('lookup', () => {
      trip.dnsEndNs = this.#clock.now();
    });
    socket.once('close', () => this.#trips.delete(socket));
  }
}
