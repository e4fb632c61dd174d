export { RECORD_SCHEMA_VERSION, createRecordSchema } from './record-schema.ts';
export type { RecordSchemaOptions } from './record-schema.ts';
export { CHUNK_FIELDS, CHUNK_SCHEMA_VERSION } from './response-chunks.ts';
