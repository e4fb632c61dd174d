import type { Clock } from '@aiperf/records/clock';

/** What a transport is made with. Everything that can be refused is refused when it is made. */
export interface TransportOptions {
  /** `http:` or `https:`, with an optional path that precedes {@link path} and optional user:password (basic authentication). */
  readonly baseUrls: readonly string[];
  /** Path of the endpoint; begins with `/`, may hold a query. A `/v1` that ends the base URL and begins the path is taken once. */
  readonly path: string;
  /** Default `POST`. */
  readonly method?: 'GET' | 'POST';
  /** Sent with each request, in this order, after `Host`. They replace the transport's own `User-Agent`, `Content-Type` and `Accept`. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Names of the headers whose values come with each request. */
  readonly variableHeaderNames: readonly string[];
  /** `auto`: the direct transport, which speaks HTTP/1.1. `undici` also speaks HTTP/2 where a TLS server offers it. */
  readonly kind: 'auto' | 'direct' | 'undici';
  /** `pooled`: connections are kept and used again, last used first. `never`: each request opens its own. */
  readonly connectionReuse: 'pooled' | 'never';
  /** From `send` to the last byte, connecting included. */
  readonly requestTimeoutMs: number;
  /** A longer response body ends the request with `response_too_large`. Default 64 MiB. */
  readonly maxBodyBytes?: number;
  /** PEM certificates trusted beside the platform's own. */
  readonly certificateAuthorities?: readonly string[];
  readonly clock: Clock;
}

/** Default of {@link TransportOptions.maxBodyBytes}. */
export const DEFAULT_MAX_BODY_BYTES: number = 64 * 1024 * 1024;
