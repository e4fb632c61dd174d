import { createClock } from '@aiperf/records/clock';

import type { TransportOptions } from '../http/transport-options.ts';
import { createTimeline } from '@aiperf/records';
import type { Timeline } from '@aiperf/records';
import type { Exchange, OutgoingRequest, Transport } from '../transport.ts';

/** Bytes of a request body that is as good as any. */
export const SOME_BODY: Buffer = Buffer.from('{"model":"m","messages":[]}');

/** Options of a transport to one loopback URL, with those given in their place. */
export function transportOptions(baseUrl: string, more: Partial<TransportOptions> = {}): TransportOptions {
  return {
    baseUrls: [baseUrl],
    path: '/v1/chat/completions',
    headers: [['Accept', 'text/event-stream']],
    variableHeaderNames: [],
    kind: 'auto',
    connectionReuse: 'pooled',
    requestTimeoutMs: 10_000,
    clock: createClock(),
    ...more,
  };
}

/** A request that can be awaited. */
export interface PendingExchange {
  readonly exchange: Exchange;
  readonly ended: Promise<Timeline>;
  /** How often `onEnd` was called. */
  readonly endCount: () => number;
}

/** Sends one request. */
export function begin(transport: Transport, request: Partial<OutgoingRequest> = {}): PendingExchange {
  const pending = pend(request);
  transport.send(pending.exchange);
  return pending;
}

/** A request that is still to be sent. */
export function pend(request: Partial<OutgoingRequest> = {}): PendingExchange {
  let count = 0;
  const { promise, resolve } = Promise.withResolvers<Timeline>();
  const exchange: Exchange = {
    request: { urlIndex: 0, variableHeaders: [], body: SOME_BODY, ...request },
    timeline: createTimeline(),
    onEnd(ended) {
      count++;
      resolve(ended.timeline);
    },
  };
  return { exchange, ended: promise, endCount: () => count };
}

/** Sends one request and waits for its end. */
export async function exchangeOnce(transport: Transport, request: Partial<OutgoingRequest> = {}): Promise<Timeline> {
  return begin(transport, request).ended;
}

/** The body of a response as text. */
export function bodyText(timeline: Timeline): string {
  return Buffer.from(timeline.body.subarray(0, timeline.bodyLength)).toString('utf8');
}
