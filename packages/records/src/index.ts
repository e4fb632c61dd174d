export { REQUEST_ERROR_CODES, scheduledCancellation } from './request-error.ts';
export type { RequestError, RequestErrorCode } from './request-error.ts';
export { RequestRow, STAMP_COLUMNS } from './request-columns.ts';
export type { CreditNumbers, ExchangeNumbers, RequestNumbers, RowColumn, RowColumnType } from './request-columns.ts';
export { NO_REPLIES, RequestRecord } from './request-record.ts';
export type { PhaseKind } from './request-record.ts';
export { createRequestIds } from './request-ids.ts';
export type { RequestIds } from './request-ids.ts';
export {
  appendBody,
  appendRead,
  clearResponse,
  createTimeline,
  recordRead,
  resetTimeline,
  Timeline,
} from './timeline.ts';
export { RawBatchWriter } from './build/raw-batch-writer.ts';
export { createRawBatchDecoder } from './decode/raw-batch-decoder.ts';
export type { RawBatchReader } from './decode/raw-batch-reader.ts';
export { grown } from './build/grown.ts';
export { causeText, RECORDS_ERROR_CODES, RecordsError } from './records-error.ts';
export type { RecordsErrorCode } from './records-error.ts';
