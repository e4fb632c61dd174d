export type { Exchange, OutgoingRequest, StagedSend, Transport } from './transport.ts';
export { createTransport } from './http/create-transport.ts';
export { HTTP_TRANSPORT_ERROR_CODES, HttpTransportError } from './http/http-transport-error.ts';
export type { HttpTransportErrorCode } from './http/http-transport-error.ts';
export type { TransportOptions } from './http/transport-options.ts';
export { startRoundTripProbe } from './round-trip-probe.ts';
export type { RoundTripProbe } from './round-trip-probe.ts';
