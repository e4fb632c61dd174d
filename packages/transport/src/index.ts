export { REQUEST_ERROR_CODES } from './request-error.ts';
export type { RequestError, RequestErrorCode } from './request-error.ts';
export type { Exchange, PreparedRequest, Timeline, Transport } from './transport.ts';
export type { RequestRecord } from './request-record.ts';
export type { WorkerMessages } from './messages.ts';
