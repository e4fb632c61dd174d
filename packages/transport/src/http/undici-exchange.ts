import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

import type { Clock } from '@aiperf/records/clock';
import type { Dispatcher } from 'undici';

import type { RequestError, Timeline } from '@aiperf/records';
import { appendBody, clearResponse, recordRead } from '@aiperf/records';
import type { Exchange } from '../transport.ts';

import { requestError, responseError } from './request-error-of.ts';
import type { Target } from './target.ts';
import { undiciError } from './undici-error.ts';
import type { SocketTrip } from './undici-connector.ts';

/** What a transport does for its exchanges. */
export interface UndiciExchangeOwner {
  readonly clock: Clock;
  readonly maxBodyBytes: number;
  /** The exchange's request is about to be written; the socket is known a moment later. */
  onStarting(exchange: UndiciExchange): void;
  onResend(exchange: UndiciExchange): void;
  onEnded(exchange: Exchange): void;
}

/** undici's handler for one request: stamps the exchange's timeline. */
export class UndiciExchange implements Dispatcher.DispatchHandler {
  readonly exchange: Exchange;
  readonly target: Target;
  readonly #owner: UndiciExchangeOwner;
  #controller: Dispatcher.DispatchController | undefined;
  #socket: Socket | undefined;
  #isEnded = false;
  #isResent = false;
  #firstStartNs = Number.NaN;
  /** Counters of the socket when the request was written, since it may have carried others before. */
  #bytesReadBefore = 0;
  #bytesWrittenBefore = 0;
  /** The socket's counter at the last body bytes: unchanged means that more came out of the same read. */
  #bytesReadLast = 0;
  #contentEncoding = '';

  constructor(owner: UndiciExchangeOwner, exchange: Exchange, target: Target) {
    this.#owner = owner;
    this.exchange = exchange;
    this.target = target;
  }

  /** Ends the exchange from our side. */
  abandon(error: RequestError): void {
    this.#finish(error);
    // Not started yet: onRequestStart will abort it.
    this.#controller?.abort(new Error(error.message));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isEnded) {
      controller.abort(new Error('the request has been given up'));
      return;
    }
    this.#controller = controller;
    this.#owner.onStarting(this);
  }

  /** undici is about to write the head, and right after it the body. */
  onSocket(socket: Socket, trip: SocketTrip | undefined): void {
    const { timeline } = this.exchange;
    this.#socket = socket;
    timeline.connectionReused = trip === undefined || trip.isUsed;
    if (trip !== undefined && !trip.isUsed) {
      timeline.connectStartNs = trip.connectStartNs;
      timeline.dnsEndNs = trip.dnsEndNs;
      timeline.connectEndNs = trip.connectEndNs;
      trip.isUsed = true;
    }
    this.#bytesReadBefore = socket.bytesRead;
    this.#bytesWrittenBefore = socket.bytesWritten;
    this.#bytesReadLast = socket.bytesRead;
    timeline.startNs = this.#owner.clock.now();
    if (this.#isResent) timeline.resendNs = timeline.startNs - this.#firstStartNs;
  }

  onRequestSent(): void {
    const { exchange } = this;
    const { timeline } = exchange;
    timeline.sendEndNs = this.#owner.clock.now();
    if (this.#socket !== undefined) timeline.requestBytes = this.#socket.bytesWritten - this.#bytesWrittenBefore;
    if (exchange.onSent !== undefined && !this.#isEnded) exchange.onSent(exchange);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText?: string,
  ): void {
    const readNs = this.#owner.clock.now();
    // 1xx answers are informational; the final one follows.
    if (status < 200 || this.#isEnded) return;
    const { timeline } = this.exchange;
    timeline.headersNs = readNs;
    timeline.status = status;
    timeline.statusText = statusText ?? '';
    timeline.contentType = headers['content-type'] ?? '';
    this.#contentEncoding = headers['content-encoding'] ?? '';
    this.#countRead(timeline);
    const announcedBytes = Number(headers['content-length']);
    if (announcedBytes > this.#owner.maxBodyBytes) this.#refuseBody();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const readNs = this.#owner.clock.now();
    if (this.#isEnded) return;
    const { timeline } = this.exchange;
    if (timeline.bodyLength + chunk.length > this.#owner.maxBodyBytes) {
      this.#refuseBody();
      return;
    }
    const isSameRead = !this.#countRead(timeline) && timeline.readCount > 0;
    appendBody(timeline, chunk, 0, chunk.length);
    if (isSameRead) {
      const last = timeline.readCount - 1;
      timeline.readLengths[last] = (timeline.readLengths[last] ?? 0) + chunk.length;
    } else {
      recordRead(timeline, readNs, chunk.length);
    }
    if (this.exchange.onBody !== undefined) this.exchange.onBody(this.exchange);
  }

  onResponseEnd(): void {
    const { timeline } = this.exchange;
    if (this.#isEnded) return;
    timeline.endNs = this.#owner.clock.now();
    this.#countRead(timeline);
    this.#finish(responseError(timeline, this.#contentEncoding));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isEnded) return;
    const { timeline } = this.exchange;
    if (this.#socket !== undefined) this.#countRead(timeline);
    const problem = undiciError(error, timeline, this.target.isTls);
    if (problem === 'empty_reply') {
      this.#resend(timeline);
      return;
    }
    this.#finish(problem);
  }

  #resend(timeline: Timeline): void {
    this.#isResent = true;
    this.#firstStartNs = timeline.startNs;
    this.#controller = undefined;
    this.#socket = undefined;
    clearResponse(timeline);
    timeline.startNs = Number.NaN;
    timeline.sendEndNs = Number.NaN;
    timeline.connectionReused = false;
    timeline.resentCount = 1;
    this.#owner.onResend(this);
  }

  #refuseBody(): void {
    this.abandon(requestError('response_too_large', `the body is longer than ${this.#owner.maxBodyBytes} bytes`));
  }

  /** Brings the byte counters up to date; false when nothing was read from the socket since the last call. */
  #countRead(timeline: Timeline): boolean {
    const bytesRead = this.#socket?.bytesRead ?? 0;
    if (bytesRead === this.#bytesReadLast) return false;
    this.#bytesReadLast = bytesRead;
    timeline.responseReads++;
    timeline.responseBytes = bytesRead - this.#bytesReadBefore;
    return true;
  }

  #finish(error: RequestError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { timeline } = this.exchange;
    if (Number.isNaN(timeline.endNs)) timeline.endNs = this.#owner.clock.now();
    timeline.error = error;
    this.#owner.onEnded(this.exchange);
  }
}
