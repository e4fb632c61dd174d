import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock } from '@aiperf/records/clock';
import { Pool } from 'undici';

import type { RequestError } from '@aiperf/records';
import { resetTimeline } from '@aiperf/records';
import type { Exchange, Transport } from '../transport.ts';

import { Deadlines } from './deadlines.ts';
import { EndQueue } from './end-queue.ts';
import { cancelledError, timeoutError } from './request-error-of.ts';
import { assertSendable } from './request-writer.ts';
import { createTargets } from './target.ts';
import type { Target } from './target.ts';
import { trustedAuthorities } from './tls-trust.ts';
import { DEFAULT_MAX_BODY_BYTES } from './transport-options.ts';
import type { TransportOptions } from './transport-options.ts';
import { UndiciConnector } from './undici-connector.ts';
import { UndiciExchange } from './undici-exchange.ts';
import type { UndiciExchangeOwner } from './undici-exchange.ts';
import { warmUpConnections } from './warm-up.ts';

const SEND_HEADERS_CHANNEL = 'undici:client:sendHeaders';
const MAX_HEADER_BYTES = 64 * 1024;
/** Idle connections are kept as long as the server lets them, like those of the direct transport. */
const KEEP_ALIVE_MS = 600_000;

/** One base URL's pools. */
interface Lane {
  readonly target: Target;
  readonly connector: UndiciConnector;
  readonly pool: Pool;
  /** Every request on a connection of its own: for a second send after an empty reply. */
  readonly freshPool: Pool;
}

/**
 * HTTP/1.1 and HTTP/2 through undici's dispatch, without retries, redirects or decompression of its own. Its stamps are those that undici
 * allows: a read is seen after undici's parser, and the end of sending is when it handed the last bytes over.
 */
export class UndiciTransport implements Transport, UndiciExchangeOwner {
  readonly clock: Clock;
  readonly maxBodyBytes: number;
  readonly #timeoutMs: number;
  readonly #keepsConnections: boolean;
  readonly #variableHeaderNames: readonly string[];
  readonly #lanes: readonly Lane[];
  readonly #deadlines: Deadlines<UndiciExchange>;
  /** undici frees a connection one turn after its response; a request sent sooner would open another one. */
  readonly #ends = new EndQueue(2, () => undefined);
  /** The request whose head is being put together right now; undici then names its socket on a diagnostics channel. */
  #starting: UndiciExchange | undefined;
  #isClosed = false;

  constructor(options: TransportOptions) {
    this.clock = options.clock;
    this.maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    this.#timeoutMs = options.requestTimeoutMs;
    this.#keepsConnections = options.connectionReuse === 'pooled';
    this.#variableHeaderNames = options.variableHeaderNames;
    const targets = createTargets(options);
    const authorities = targets.some((target) => target.isTls) ? trustedAuthorities(options) : undefined;
    this.#lanes = targets.map((target) => {
      const connector = new UndiciConnector(target, options.clock, options.requestTimeoutMs, authorities);
      const pool = createPool(target, connector, this.#keepsConnections);
      return { target, connector, pool, freshPool: createPool(target, connector, false) };
    });
    this.#deadlines = new Deadlines(options.clock, options.requestTimeoutMs, (exchange, handler) => {
      handler.abandon(timeoutError(exchange.timeline, this.#timeoutMs));
    });
    subscribe(SEND_HEADERS_CHANNEL, this.#onSendHeaders);
  }

  async warmUp(connectionCount: number): Promise<void> {
    if (!this.#keepsConnections) return;
    await warmUpConnections(connectionCount, this.#lanes.length, this.#timeoutMs, (targetIndex, onSettled) =>
      this.#isClosed ? undefined : this.#lanes[targetIndex]?.connector.prepare(onSettled),
    );
  }

  send(exchange: Exchange): void {
    const { request, timeline } = exchange;
    assertSendable(request, this.#variableHeaderNames, this.#lanes.length);
    resetTimeline(timeline);
    timeline.queuedNs = this.clock.now();
    if (this.#isClosed) {
      timeline.endNs = timeline.queuedNs;
      timeline.error = cancelledError(timeline, timeline.queuedNs);
      this.#ends.push(exchange);
      return;
    }
    const lane = this.#lanes[request.urlIndex] as Lane;
    const handler = new UndiciExchange(this, exchange, lane.target);
    this.#deadlines.add(exchange, handler);
    this.#dispatch(lane.pool, handler);
  }

  get openConnectionCount(): number {
    let count = 0;
    for (const lane of this.#lanes) count += lane.connector.openCount;
    return count;
  }

  cancel(exchange: Exchange, error?: RequestError): void {
    this.#deadlines.ownerOf(exchange)?.abandon(error ?? cancelledError(exchange.timeline, this.clock.now()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const exchange of this.#deadlines.exchanges()) this.cancel(exchange);
    this.#deadlines.close();
    unsubscribe(SEND_HEADERS_CHANNEL, this.#onSendHeaders);
    await Promise.all(
      this.#lanes.map(async (lane) => {
        await Promise.all([lane.pool.destroy(), lane.freshPool.destroy(), lane.connector.close()]);
      }),
    );
    // Owners of cancelled exchanges are told before close() is done.
    await nextTurn();
    await nextTurn();
  }

  onStarting(exchange: UndiciExchange): void {
    this.#starting = exchange;
  }

  onResend(handler: UndiciExchange): void {
    const lane = this.#lanes[handler.exchange.request.urlIndex] as Lane;
    this.#dispatch(lane.freshPool, handler);
  }

  onEnded(exchange: Exchange): void {
    this.#deadlines.remove(exchange);
    this.#ends.push(exchange);
  }

  #dispatch(pool: Pool, handler: UndiciExchange): void {
    const { target, exchange } = handler;
    const { request } = exchange;
    const headers: string[] = [];
    for (const [name, value] of target.headers) headers.push(name, value);
    for (let index = 0; index < this.#variableHeaderNames.length; index++) {
      headers.push(this.#variableHeaderNames[index] ?? '', request.variableHeaders[index] ?? '');
    }
    pool.dispatch(
      { path: target.path, method: target.method, headers, body: target.method === 'GET' ? null : request.body },
      handler,
    );
  }

  readonly #onSendHeaders = (message: unknown): void => {
    const handler = this.#starting;
    if (handler === undefined) return;
    this.#starting = undefined;
    const socket: unknown = Reflect.get(message as object, 'socket');
    if (!(socket instanceof Socket)) return;
    const lane = this.#lanes[handler.exchange.request.urlIndex];
    handler.onSocket(socket, lane?.connector.tripOf(socket));
  };
}

function createPool(target: Target, connector: UndiciConnector, keepsConnections: boolean): Pool {
  return new Pool(target.origin, {
    connect: connector.connect,
    connections: null,
    // 0: undici announces and enforces one request a connection.
    pipelining: keepsConnections ? 1 : 0,
    allowH2: target.isTls,
    maxHeaderSize: MAX_HEADER_BYTES,
    // Time limits are the transport's own, one for all stages.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  });
}
