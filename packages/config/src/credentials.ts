import { REDACTED } from './secret.ts';

const CREDENTIAL_NAME =
  /authorization|cookie|password|passwd|secret|credential|signature|api[-_]?key|(^|[-_.])(auth|key|session)($|[-_.])|(^|[-_.])(access|api|app|auth|bearer|client|csrf|hf|id|personal|private|refresh|security|service|session|user|x)[-_]?token$|^token$/i;

/** True when a header or body field of this name usually holds a credential: its value is never shown. */
export function isCredentialName(name: string): boolean {
  return CREDENTIAL_NAME.test(name.trim());
}

/** The URL with its user info (`user:password@`) replaced. Text that is no URL loses everything before its last `@`. */
export function redactUrl(text: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(text) ?? [];
  const authorityEnd = rest.search(/[/?#]/);
  const authority = authorityEnd === -1 ? rest : rest.slice(0, authorityEnd);
  if (authority.includes('@')) {
    return `${scheme}${REDACTED}${authority.slice(authority.lastIndexOf('@'))}${rest.slice(authority.length)}`;
  }
  // A password with a slash in it ends the authority early, so an `@` further on may still end a user info.
  const isUserInfoLikely = authority.includes(':') && !/:\d+$/.test(authority);
  return rest.includes('@') && isUserInfoLikely ? `${scheme}${REDACTED}${rest.slice(rest.lastIndexOf('@'))}` : text;
}

function redactFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactFields);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, isCredentialName(name) ? REDACTED : redactFields(field)]),
  );
}

/** Body fields with the values of credential names replaced, at any depth. */
export function redactObject(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactFields(fields) as Record<string, unknown>;
}

/** A `name:value` word, or a JSON object of them, with the values of credential names replaced. */
export function redactPairs(word: string): string {
  if (word.trimStart().startsWith('{')) {
    try {
      const fields: unknown = JSON.parse(word);
      return JSON.stringify(redactFields(fields));
    } catch {
      // Not JSON after all: nothing tells names from values, so nothing is shown.
      return REDACTED;
    }
  }
  const colon = word.indexOf(':');
  if (colon === -1) return REDACTED;
  const name = word.slice(0, colon);
  return isCredentialName(name) ? `${name}:${REDACTED}` : `${name}:${redactNestedPairs(word.slice(colon + 1))}`;
}

function redactNestedPairs(value: string): string {
  return /^\s*[{[]/.test(value) ? redactPairs(value.trimStart()) : value;
}
