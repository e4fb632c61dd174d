export { ENDPOINT_TYPES, endpointOf } from './registry.ts';
export type { EndpointType } from './registry.ts';
export type { BodyConfig, Endpoint, EndpointTurn, ResponseParser, SessionHistory } from './endpoint.ts';
export type { ParsedResponse, TokenUsage, VideoReport } from './parsed-response.ts';
export type { SpecDecoding } from './spec-decoding.ts';
export { isContextOverflow } from './context-overflow.ts';
export { SseScanner } from './sse-scanner.ts';
export { ENDPOINTS_ERROR_CODES, EndpointsError } from './endpoints-error.ts';
export type { EndpointsErrorCode } from './endpoints-error.ts';
