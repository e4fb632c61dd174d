import { chatEndpoint } from './chat/chat.ts';
import type { Endpoint } from './endpoint.ts';

// A new endpoint is a folder beside `chat`, its name in this list and its descriptor in the table below.

/** Names of the endpoints, as `--endpoint-type` takes them; the first is the default. */
export const ENDPOINT_TYPES = ['chat'] as const;
export type EndpointType = (typeof ENDPOINT_TYPES)[number];

const ENDPOINTS: Readonly<Record<EndpointType, Endpoint>> = {
  chat: chatEndpoint,
};

/** The endpoint of a type named in the configuration. */
export function endpointOf(type: EndpointType): Endpoint {
  return ENDPOINTS[type];
}

/** Heading of the metric tables of an endpoint type, which a file of another version may name. */
export function endpointTitle(type: string): string {
  const known = ENDPOINT_TYPES.find((name) => name === type);
  return known === undefined ? 'LLM Metrics' : endpointOf(known).title;
}
