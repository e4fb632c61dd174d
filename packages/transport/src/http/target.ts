import { HttpTransportError } from './http-transport-error.ts';
import type { TransportOptions } from './transport-options.ts';
import { USER_AGENT } from './user-agent.ts';

/** Where one base URL's requests go and the headers that each of them carries. */
export interface Target {
  readonly isTls: boolean;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Name or address without the brackets of an IPv6 literal. */
  readonly host: string;
  readonly port: number;
  /** Path and query as sent. */
  readonly path: string;
  readonly method: string;
  /** `Host` first, then every fixed header; without content length. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Set by the transport itself: one given by a user would contradict what is sent. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'keep-alive',
  'trailer',
  'te',
]);

/** The targets of a transport's base URLs. Throws {@link HttpTransportError} for one that cannot be spoken. */
export function createTargets(options: TransportOptions): Target[] {
  if (options.baseUrls.length === 0) {
    throw new HttpTransportError('AIPERF_TRANSPORT_INVALID_URL', 'no base URL was given; expected at least one');
  }
  if (!options.path.startsWith('/') || /[^\x21-\x7e]/u.test(options.path)) {
    throw new HttpTransportError(
      'AIPERF_TRANSPORT_INVALID_URL',
      `path ${JSON.stringify(options.path)} must begin with / and hold no space, control character or unescaped letter`,
    );
  }
  const given = new Set<string>();
  for (const [name, value] of options.headers) {
    assertHeaderName(name);
    assertHeaderValue(name, value);
    given.add(name.toLowerCase());
  }
  for (const name of options.variableHeaderNames) {
    assertHeaderName(name);
    if (given.has(name.toLowerCase())) {
      throw new HttpTransportError(
        'AIPERF_TRANSPORT_INVALID_HEADER',
        `header ${name} is given both as fixed and as variable`,
      );
    }
    given.add(name.toLowerCase());
  }
  return options.baseUrls.map((baseUrl) => createTarget(baseUrl, options, given));
}

/** Refuses what would end the header line early or cannot be sent as one byte a character. */
export function assertHeaderValue(name: string, value: string): void {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f || code > 0xff) {
      // The value may be a secret: it is not repeated.
      throw new HttpTransportError(
        'AIPERF_TRANSPORT_INVALID_HEADER',
        `value of header ${name} holds a line break, control or non-Latin-1 character at position ${index}`,
      );
    }
  }
}

function assertHeaderName(name: string): void {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/u.test(name)) {
    throw new HttpTransportError('AIPERF_TRANSPORT_INVALID_HEADER', `${JSON.stringify(name)} is not a header name`);
  }
  if (OWN_HEADERS.has(name.toLowerCase())) {
    throw new HttpTransportError(
      'AIPERF_TRANSPORT_INVALID_HEADER',
      `header ${name} is set by the transport and cannot be given`,
    );
  }
}

function createTarget(baseUrl: string, options: TransportOptions, given: ReadonlySet<string>): Target {
  if (!URL.canParse(baseUrl)) {
    throw new HttpTransportError('AIPERF_TRANSPORT_INVALID_URL', `${JSON.stringify(baseUrl)} is not a URL`);
  }
  const url = new URL(baseUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new HttpTransportError(
      'AIPERF_TRANSPORT_INVALID_URL',
      `${url.protocol}//${url.host}: only http: and https: can be spoken`,
    );
  }
  const isTls = url.protocol === 'https:';
  const headers: [string, string][] = [['Host', url.host]];
  if (!given.has('user-agent')) headers.push(['User-Agent', USER_AGENT]);
  if (!given.has('accept')) headers.push(['Accept', '*/*']);
  if (!given.has('accept-encoding')) headers.push(['Accept-Encoding', 'identity']);
  if (!given.has('content-type') && options.method !== 'GET') headers.push(['Content-Type', 'application/json']);
  if (!given.has('authorization') && (url.username !== '' || url.password !== '')) {
    const userinfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.push(['Authorization', `Basic ${Buffer.from(userinfo).toString('base64')}`]);
  }
  for (const [name, value] of options.headers) headers.push([name, value]);
  return {
    isTls,
    origin: url.origin,
    host: url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname,
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    path: joinPath(url, options.path),
    method: options.method ?? 'POST',
    headers,
  };
}

function joinPath(base: URL, path: string): string {
  let prefix = base.pathname.replace(/\/+$/u, '');
  if (prefix.endsWith('/v1') && path.startsWith('/v1/')) prefix = prefix.slice(0, -'/v1'.length);
  if (base.search === '') return prefix + path;
  return prefix + path + (path.includes('?') ? `&${base.search.slice(1)}` : base.search);
}
