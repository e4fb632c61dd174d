import { chatEndpoint } from './chat/chat.ts';
import type { Endpoint } from './endpoint.ts';

/** Names of the endpoints, as the option takes them. */
export const ENDPOINT_TYPES = ['chat'] as const;
export type EndpointType = (typeof ENDPOINT_TYPES)[number];

const ENDPOINTS: Readonly<Record<EndpointType, Endpoint>> = { chat: chatEndpoint };

/** The endpoint of a type named in the configuration. */
export function endpointOf(type: EndpointType): Endpoint {
  return ENDPOINTS[type];
}
