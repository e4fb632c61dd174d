import type { Timeline, RequestError } from '@aiperf/records';

/** One request ready to be sent. */
export interface OutgoingRequest {
  /** Index into the base URLs the transport was made with. */
  readonly urlIndex: number;
  /** Header values that change with each request, such as `X-Request-ID`, in the order the transport was made with. */
  readonly variableHeaders: readonly string[];
  readonly body: Uint8Array;
}

/** A request in flight. `onEnd` is called exactly once, after `timeline.endNs` is set. */
export interface Exchange {
  readonly request: OutgoingRequest;
  readonly timeline: Timeline;
  onEnd(exchange: Exchange): void;
  /**
   * Called when the request has been written completely, after `timeline.sendEndNs` is set; possibly inside `send`, once more when the
   * request is sent a second time, and not at all when the response is complete before that is known.
   */
  readonly onSent?: ((exchange: Exchange) => void) | undefined;
  /** Called inside the read callback after a read with body bytes was recorded: whatever it does makes the stamps of other reads late. */
  readonly onBody?: ((exchange: Exchange) => void) | undefined;
}

/** A request that is complete but for its write. */
export interface StagedSend {
  /** Sends it now. The exchange does not end before this returns. */
  fire(): void;
  /** Gives it up: the exchange was never sent, and does not end. */
  drop(): void;
}

/**
 * Sends requests and stamps what happens. Nothing is thrown or rejected for a failed request: it ends with `timeline.error`.
 * An endpoint or base URL that cannot be spoken by an implementation is refused when the transport is made.
 */
export interface Transport {
  /** Opens connections before the load, spread over the base URLs. Failures are left to the requests. */
  warmUp(connectionCount: number): Promise<void>;
  send(exchange: Exchange): void;
  /**
   * Does all of {@link send} that can be done ahead of time: what is left for `fire` is the write. Either `fire` or `drop` of the result is to be
   * called, once. Any number of requests may be staged at the same time.
   */
  stage?(exchange: Exchange): StagedSend;
  /** Connections open or being opened. */
  readonly openConnectionCount: number;
  /** Ends an exchange in flight with error `cancelled`, or with the error given; does nothing to one that has ended. */
  cancel(exchange: Exchange, error?: RequestError): void;
  /** Ends what is in flight with error `cancelled` and closes every connection. */
  close(): Promise<void>;
}
