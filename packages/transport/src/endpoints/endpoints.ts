import type { EndpointType } from '@aiperf/config';
import { chatEndpoint } from './chat.ts';
import type { Endpoint } from './endpoint.ts';

const ENDPOINTS: Readonly<Record<EndpointType, Endpoint>> = { chat: chatEndpoint };

/** The endpoint of a type named in the configuration. */
export function endpointOf(type: EndpointType): Endpoint {
  return ENDPOINTS[type];
}
