export { createRecordProcessor } from './service-record-processor.ts';
export type { RecordProcessorPlacement } from './service-record-processor.ts';
export { createRecordsManager } from './service-records-manager.ts';
export type { RecordsManagerMessages, RecordsManagerOptions } from './service-records-manager.ts';
export { RecordProcessor } from './record-processor.ts';
export type { RawRecords, RecordProcessorOptions, TokenCounter } from './record-processor.ts';
export { createRecordSchema } from './record-schema.ts';
export { countMedia } from './request-media.ts';
