import { ENDPOINT_TYPES, endpointOf } from '@aiperf/endpoints';
import * as z from 'zod/mini';
import { Secret } from '../secret.ts';
import type { EndpointConfig } from '../user-config.ts';
import { type BaseUrl, EXPECTED_BASE_URL, parseBaseUrl } from './base-url.ts';
import { converted, durationSec, type GroupSchema, oneOf, option, text } from './option.ts';

/** The group as it is given; URLs still carry the authorization of their user info, and headers are in the input group. */
export type EndpointOptions = Omit<EndpointConfig, 'urls' | 'headers'> & { readonly urls: readonly BaseUrl[] };

const modelName = "the model's name as the server knows it";

function parseApiKey(input: unknown): Secret | undefined {
  // Anything else cannot be sent in a header.
  return typeof input === 'string' && /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(input) ? new Secret(input) : undefined;
}

/** Where requests go and how they are spoken. */
export const endpointSchema: GroupSchema<EndpointOptions> = z.object({
  modelNames: option(z.array(text(modelName), modelName).check(z.minLength(1, modelName)), {
    flags: ['--model-names', '--model', '-m'],
    summary: 'Model or models to benchmark, separated by commas or given repeatedly. Needed.',
    valueName: 'name',
    splitsAtCommas: true,
  }),
  urls: option(z._default(z.array(converted(EXPECTED_BASE_URL, parseBaseUrl)), [{ href: 'http://localhost:8000' }]), {
    flags: ['--url', '-u'],
    summary: 'Base URL of the server, or several over which requests are spread in turn. http:// is assumed.',
    valueName: 'url',
    defaultText: 'http://localhost:8000',
    takesManyWords: true,
    splitsAtCommas: true,
    sensitivity: 'url',
  }),
  type: option(z._default(oneOf(ENDPOINT_TYPES), ENDPOINT_TYPES[0]), {
    flags: ['--endpoint-type'],
    summary: 'Wire protocol of the server.',
  }),
  path: option(
    z.exactOptional(
      z
        .string('a path that begins with / and has no white space')
        .check(z.regex(/^\/\S*$/, 'a path that begins with / and has no white space')),
    ),
    {
      flags: ['--custom-endpoint', '--endpoint'],
      summary: "Request path that replaces the endpoint type's own.",
      valueName: 'path',
      defaultText: ENDPOINT_TYPES.map((type) => `${endpointOf(type).path} for ${type}`).join(', '),
    },
  ),
  streaming: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--streaming'],
    negation: '--no-streaming',
    summary: 'Ask for the answer as server-sent events. Latency per token is only known when streaming.',
  }),
  apiKey: option(z.exactOptional(converted('a non-empty key of printable ASCII characters', parseApiKey)), {
    flags: ['--api-key'],
    summary: 'Sent as bearer token. Redacted in everything that is written.',
    valueName: 'key',
    sensitivity: 'all',
  }),
  requestTimeoutSec: option(z._default(durationSec({ allowsZero: false, allowsInfinity: false }), 21_600), {
    flags: ['--request-timeout-seconds'],
    summary: 'Limit of one request, from connecting to the last byte. A request that takes longer is an error.',
    valueName: 'seconds',
  }),
  useLegacyMaxTokens: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--use-legacy-max-tokens'],
    summary: 'Send max_tokens instead of max_completion_tokens.',
  }),
  useServerTokenCount: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--use-server-token-count'],
    summary: "Take token counts from the server's usage field instead of counting with the tokenizer.",
  }),
  connectionReuse: option(z._default(oneOf(['pooled', 'never']), 'pooled'), {
    flags: ['--connection-reuse-strategy'],
    summary: 'Keep connections open and share them, or open a new one for each request.',
  }),
  transport: option(z._default(oneOf(['auto', 'direct', 'undici']), 'auto'), {
    flags: ['--transport', '--transport-type'],
    summary: 'HTTP client. auto takes direct (HTTP/1.1 over sockets) where it applies and undici otherwise.',
    synonyms: { http: 'auto' },
  }),
});
