import { createSecureContext, getCACertificates } from 'node:tls';
import type { SecureContext } from 'node:tls';

import type { TransportOptions } from './transport-options.ts';

/**
 * What a transport's TLS connections trust. Made once, because reading the platform's certificates takes milliseconds; undefined: the
 * platform's default.
 */
export function createTrust(options: TransportOptions): SecureContext {
  const authorities = trustedAuthorities(options);
  return createSecureContext(authorities === undefined ? {} : { ca: authorities });
}

/** All trusted certificates in PEM, or undefined for the platform's default ones. */
export function trustedAuthorities(options: TransportOptions): string[] | undefined {
  const more = options.certificateAuthorities ?? [];
  return more.length === 0 ? undefined : [...getCACertificates('default'), ...more];
}
