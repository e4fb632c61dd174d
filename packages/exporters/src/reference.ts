export { SLICE_FIELDS, SLICES_SCHEMA_VERSION } from './arrow/slices-file.ts';
export { METADATA_KEYS } from './run/run-metadata.ts';
export { JSON_SCHEMAS } from './schemas/json-schemas.ts';
export type { JsonSchema } from './schemas/json-schemas.ts';
