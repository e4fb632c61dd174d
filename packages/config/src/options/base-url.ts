import { Secret } from '../secret.ts';

/** One `--url` after validation: the base URL without its user info, which becomes a basic authorization. */
export interface BaseUrl {
  readonly href: string;
  readonly basicAuthorization?: Secret;
}

/** What {@link parseBaseUrl} accepts, for messages. */
export const EXPECTED_BASE_URL =
  'an http or https base URL without white space, query or fragment and with a port of 1 to 65535';

function decodeUserInfo(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray % is meant literally.
    return text;
  }
}

/** Reads a base URL; `http://` is put before one without a scheme. */
export function parseBaseUrl(input: unknown): BaseUrl | undefined {
  if (typeof input !== 'string' || /\s/.test(input) || input === '') return undefined;
  // `http:host` would be read as host "http" once a scheme is put before it.
  if (/^https?:(?!\/\/)/i.test(input)) return undefined;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(input) ? input : `http://${input}`;
  if (!URL.canParse(withScheme)) return undefined;
  const url = new URL(withScheme);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  // WHATWG parsing forgives a third slash, an empty query and port 0.
  if (/^[a-z]+:\/\/[/\\]/i.test(withScheme) || /[?#]/.test(withScheme) || url.port === '0') return undefined;
  if (url.hostname.includes(',')) return undefined;
  const href = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  if (url.username === '' && url.password === '') return { href };
  const userInfo = `${decodeUserInfo(url.username)}:${decodeUserInfo(url.password)}`;
  return { href, basicAuthorization: new Secret(`Basic ${Buffer.from(userInfo).toString('base64')}`) };
}
