export type { Acknowledged } from './streams/acknowledged.ts';
export { processRecords } from './streams/process-records.ts';
export type { ProcessRecordsOptions, RawBatch } from './streams/process-records.ts';
export { writeTo } from './streams/write-to.ts';
export type { RecordSinks } from './streams/write-to.ts';
export type { MetricBatch, MetricBatchHeader } from './metric-batch.ts';
