import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';

import type { Clock } from '@aiperf/records/clock';

import type { RequestError } from '@aiperf/records';
import { clearResponse, recordRead, resetTimeline } from '@aiperf/records';
import type { Exchange, StagedSend, Transport } from '../transport.ts';

import { Deadlines } from './deadlines.ts';
import { DirectConnection } from './direct-connection.ts';
import type { ConnectionOwner } from './direct-connection.ts';
import { EndQueue } from './end-queue.ts';
import { IdlePool } from './idle-pool.ts';
import {
  cancelledError,
  connectError,
  lostConnectionError,
  requestError,
  responseError,
  statusError,
  timeoutError,
} from './request-error-of.ts';
import { assertSendable, RequestWriter } from './request-writer.ts';
import { createTargets } from './target.ts';
import type { Target } from './target.ts';
import { createTrust } from './tls-trust.ts';
import { DEFAULT_MAX_BODY_BYTES } from './transport-options.ts';
import type { TransportOptions } from './transport-options.ts';
import { warmUpConnections } from './warm-up.ts';

const READ_BUFFER_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * HTTP/1.1 over sockets that read into one reused buffer: no stream machinery, no allocation a read, one write a request. A request gets
 * the idle connection that was used last, or one opened for it; there is no limit and no queue.
 */
export class DirectTransport implements Transport, ConnectionOwner {
  readonly readBuffer: Buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  readonly maxBodyBytes: number;
  readonly secureContext: SecureContext | undefined;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #keepsConnections: boolean;
  readonly #variableHeaderNames: readonly string[];
  readonly #targets: readonly Target[];
  readonly #writer: RequestWriter;
  /** Lay out staged requests, whose bytes must outlast those of requests that are sent before them; those not in use. */
  readonly #stagedWriters: RequestWriter[] = [];
  readonly #createWriter: () => RequestWriter;
  readonly #idle: readonly IdlePool[];
  readonly #deadlines: Deadlines<DirectConnection>;
  readonly #ends = new EndQueue(1, () => this.#release());
  readonly #connections = new Set<DirectConnection>();
  /** Connections whose response is complete; they are idle once this turn's reads are done. */
  #releasing: DirectConnection[] = [];
  #isClosed = false;
  #onAllClosed: (() => void) | undefined;

  constructor(options: TransportOptions) {
    this.#clock = options.clock;
    this.#timeoutMs = options.requestTimeoutMs;
    this.#keepsConnections = options.connectionReuse === 'pooled';
    this.maxBodyBytes = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    this.#variableHeaderNames = options.variableHeaderNames;
    this.#targets = createTargets(options);
    this.secureContext = this.#targets.some((target) => target.isTls) ? createTrust(options) : undefined;
    this.#createWriter = () => new RequestWriter(this.#targets, options.variableHeaderNames, !this.#keepsConnections);
    this.#writer = this.#createWriter();
    this.#idle = this.#targets.map(() => new IdlePool());
    this.#deadlines = new Deadlines(options.clock, options.requestTimeoutMs, (exchange, connection) => {
      this.#abandon(exchange, connection, timeoutError(exchange.timeline, this.#timeoutMs));
    });
  }

  async warmUp(connectionCount: number): Promise<void> {
    // A connection that serves one request only is opened for it, and its opening is part of what is measured.
    if (!this.#keepsConnections) return;
    await warmUpConnections(connectionCount, this.#targets.length, this.#timeoutMs, (targetIndex, onSettled) => {
      if (this.#isClosed) return undefined;
      const connection = this.#open(targetIndex);
      connection.onSettled = () => onSettled(connection.isReady);
      return () => connection.destroy();
    });
  }

  send(exchange: Exchange): void {
    const { request, timeline } = exchange;
    assertSendable(request, this.#variableHeaderNames, this.#targets.length);
    resetTimeline(timeline);
    timeline.queuedNs = this.#clock.now();
    if (this.#isClosed) {
      timeline.endNs = timeline.queuedNs;
      timeline.error = cancelledError(timeline, timeline.queuedNs);
      this.#ends.push(exchange);
      return;
    }
    const connection = this.#idle[request.urlIndex]?.pop();
    if (connection === undefined) {
      this.#openFor(exchange);
    } else {
      timeline.connectionReused = true;
      this.#deadlines.add(exchange, connection);
      this.#write(connection, exchange);
    }
  }

  stage(exchange: Exchange): StagedSend {
    const { request, timeline } = exchange;
    assertSendable(request, this.#variableHeaderNames, this.#targets.length);
    const writer = this.#stagedWriters.pop() ?? this.#createWriter();
    resetTimeline(timeline);
    const bytes = writer.write(request);
    return {
      fire: () => {
        const connection = this.#isClosed ? undefined : this.#idle[request.urlIndex]?.pop();
        if (connection === undefined) {
          this.send(exchange);
        } else {
          connection.parser.reset();
          timeline.queuedNs = this.#clock.now();
          this.#writeBytes(connection, exchange, bytes, writer, timeline.queuedNs);
          timeline.connectionReused = true;
          this.#deadlines.add(exchange, connection);
        }
        this.#stagedWriters.push(writer);
      },
      drop: () => this.#stagedWriters.push(writer),
    };
  }

  get openConnectionCount(): number {
    return this.#connections.size;
  }

  cancel(exchange: Exchange, error?: RequestError): void {
    const connection = this.#deadlines.ownerOf(exchange);
    if (connection === undefined) return;
    this.#abandon(exchange, connection, error ?? cancelledError(exchange.timeline, this.#clock.now()));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const exchange of this.#deadlines.exchanges()) this.cancel(exchange);
    this.#deadlines.close();
    for (const connection of this.#connections) {
      connection.destroy();
      connection.onSettled?.();
    }
    if (this.#connections.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onAllClosed = resolve;
      });
    }
    // Owners of cancelled exchanges are told before close() is done.
    await nextTurn();
  }

  onReady(connection: DirectConnection): void {
    const { exchange } = connection;
    if (exchange === undefined) {
      this.#idle[connection.targetIndex]?.push(connection);
      connection.onSettled?.();
      return;
    }
    exchange.timeline.connectEndNs = this.#clock.now();
    this.#write(connection, exchange);
  }

  onRead(connection: DirectConnection, length: number): void {
    // The stamp comes before the first look at the bytes; whatever is done before it would be added to every latency.
    const readNs = this.#clock.now();
    const { exchange, parser } = connection;
    if (exchange === undefined) {
      this.#dropIdle(connection);
      return;
    }
    const { timeline } = exchange;
    const bodyBytes = timeline.bodyLength;
    const result = parser.feed(this.readBuffer, 0, length, timeline);
    timeline.responseReads++;
    timeline.responseBytes += parser.consumed;
    if (parser.hasHead && Number.isNaN(timeline.headersNs)) timeline.headersNs = readNs;
    if (timeline.bodyLength > bodyBytes) {
      recordRead(timeline, readNs, timeline.bodyLength - bodyBytes);
      if (exchange.onBody !== undefined) exchange.onBody(exchange);
    }
    if (result === 'more') return;
    timeline.endNs = readNs;
    if (result === 'complete') {
      this.#complete(connection, exchange, parser.consumed === length && parser.keepAlive);
    } else {
      connection.destroy();
      this.#end(
        exchange,
        requestError(result === 'invalid' ? 'invalid_response' : 'response_too_large', parser.problem),
      );
    }
  }

  onSent(connection: DirectConnection): void {
    const { exchange, sending } = connection;
    connection.sending = undefined;
    // The answer may have come before this, and the connection may serve another request by now.
    if (exchange !== undefined && exchange === sending && !connection.isLost) {
      exchange.timeline.sendEndNs = this.#clock.now();
      if (exchange.onSent !== undefined) exchange.onSent(exchange);
    }
  }

  onLost(connection: DirectConnection, error: Error | undefined): void {
    const { exchange } = connection;
    if (exchange === undefined) {
      this.#idle[connection.targetIndex]?.noteLost();
      connection.onSettled?.();
      return;
    }
    const { timeline } = exchange;
    const now = this.#clock.now();
    if (!connection.isReady) {
      timeline.endNs = now;
      const cause = error ?? new Error('the server closed the connection while it was being opened');
      this.#end(exchange, connectError(cause, connection.isConnected));
      return;
    }
    if (timeline.responseBytes === 0 && timeline.connectionReused) {
      this.#resend(exchange);
      return;
    }
    timeline.endNs = now;
    if (error === undefined && connection.parser.finish()) {
      this.#complete(connection, exchange, false);
    } else if (timeline.status !== 0 && (timeline.status < 200 || timeline.status > 299)) {
      this.#end(exchange, statusError(timeline));
    } else {
      this.#end(exchange, lostConnectionError(error, timeline.responseBytes > 0));
    }
  }

  onClosed(connection: DirectConnection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#onAllClosed?.();
  }

  #open(targetIndex: number): DirectConnection {
    const target = this.#targets[targetIndex] as Target;
    const connection = new DirectConnection(this, target, targetIndex);
    this.#connections.add(connection);
    return connection;
  }

  #openFor(exchange: Exchange): DirectConnection {
    const { timeline } = exchange;
    timeline.connectStartNs = this.#clock.now();
    const connection = this.#open(exchange.request.urlIndex);
    connection.exchange = exchange;
    connection.socket.once('lookup', () => {
      timeline.dnsEndNs = this.#clock.now();
    });
    this.#deadlines.add(exchange, connection);
    return connection;
  }

  /**
   * A server may close an idle connection at any moment, so the request may have crossed with the FIN and never been read. It is sent once
   * more, on a fresh connection, where the same cannot happen.
   */
  #resend(exchange: Exchange): void {
    const { timeline } = exchange;
    const firstStartNs = timeline.startNs;
    clearResponse(timeline);
    timeline.startNs = Number.NaN;
    timeline.sendEndNs = Number.NaN;
    timeline.connectionReused = false;
    timeline.resentCount = 1;
    this.#openFor(exchange).firstStartNs = firstStartNs;
  }

  #write(connection: DirectConnection, exchange: Exchange): void {
    connection.parser.reset();
    const bytes = this.#writer.write(exchange.request);
    this.#writeBytes(connection, exchange, bytes, this.#writer, this.#clock.now());
  }

  #writeBytes(
    connection: DirectConnection,
    exchange: Exchange,
    bytes: Buffer,
    writer: RequestWriter,
    startNs: number,
  ): void {
    const { timeline } = exchange;
    const { socket } = connection;
    connection.exchange = exchange;
    timeline.requestBytes = bytes.length;
    timeline.startNs = startNs;
    socket.write(bytes);
    if (!Number.isNaN(connection.firstStartNs)) {
      timeline.resendNs = timeline.startNs - connection.firstStartNs;
      connection.firstStartNs = Number.NaN;
    }
    if (socket.writableLength === 0) {
      timeline.sendEndNs = this.#clock.now();
      if (exchange.onSent !== undefined) exchange.onSent(exchange);
      return;
    }
    // The kernel did not take all of it. The bytes stay in use, and an empty write behind them tells when the last one has gone.
    writer.releaseScratch();
    connection.sending = exchange;
    socket.write(NOTHING, connection.onSent);
  }

  #complete(connection: DirectConnection, exchange: Exchange, mayBeReused: boolean): void {
    connection.exchange = undefined;
    // The answer shows that all of the request had gone, though the socket's own notice comes after it.
    if (Number.isNaN(exchange.timeline.sendEndNs)) exchange.timeline.sendEndNs = exchange.timeline.headersNs;
    this.#end(exchange, responseError(exchange.timeline, connection.parser.contentEncoding));
    // Bytes whose sending the socket has not reported yet (with TLS that is usual) are no obstacle: the next request queues behind them.
    if (mayBeReused && this.#keepsConnections) this.#releasing.push(connection);
    else connection.destroy();
  }

  #abandon(exchange: Exchange, connection: DirectConnection, error: RequestError): void {
    connection.exchange = undefined;
    connection.destroy();
    exchange.timeline.endNs = this.#clock.now();
    this.#end(exchange, error);
  }

  #end(exchange: Exchange, error: RequestError | undefined): void {
    exchange.timeline.error = error;
    this.#deadlines.remove(exchange);
    this.#ends.push(exchange);
  }

  #release(): void {
    const released = this.#releasing;
    for (const connection of released) {
      if (!connection.isLost) this.#idle[connection.targetIndex]?.push(connection);
    }
    released.length = 0;
  }

  /** Bytes that nobody asked for: what they belong to cannot be known, so the connection must not carry another request. */
  #dropIdle(connection: DirectConnection): void {
    connection.destroy();
    this.#idle[connection.targetIndex]?.noteLost();
  }
}
