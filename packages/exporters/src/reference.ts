export { SLICE_FIELDS, SLICES_SCHEMA_VERSION } from './slices-file.ts';
export type { Dialect, DialectDifference } from './dialects/dialect.ts';
export { DIALECTS } from './dialects/render-dialect.ts';
export { METADATA_KEYS } from './run/run-metadata.ts';
export { JSON_SCHEMAS } from './schemas/json-schemas.ts';
export type { JsonSchema } from './schemas/json-schemas.ts';
