import { Field, Float64, Int32, Int64, List, Schema, type DataType } from 'apache-arrow';
import type { RecordListMetric, RecordMetric } from './metric.ts';
import type { MetricSet } from './metric-set.ts';
import { ROW_COLUMNS, rowField } from './row-columns.ts';

/** Version of the record file's layout: a new minor version adds columns, a new major version changes or drops some. */
export const RECORD_SCHEMA_VERSION = '1.0';

/**
 * The schema of one row a request: the fixed columns, then every record metric of the mode by its tag, in its native unit. Record
 * processors and the records manager each make it from the plan; the bytes between them carry no schema.
 */
export function createRecordSchema(metrics: MetricSet): Schema {
  const fields = [
    ...ROW_COLUMNS.map(rowField),
    ...metrics.record.map((metric) => new Field(metric.tag, scalarType(metric), true, fieldMetadata(metric))),
    ...metrics.recordLists.map(
      (metric) =>
        new Field(metric.tag, new List(new Field('item', scalarType(metric), false)), true, fieldMetadata(metric)),
    ),
  ];
  return new Schema(fields, new Map([['aiperf.schema_version', RECORD_SCHEMA_VERSION]]));
}

/** Durations and byte counts need 64 bits; counts and tokens of one request do not. */
function scalarType(metric: RecordMetric | RecordListMetric): DataType {
  if (metric.valueType === 'float') return new Float64();
  return metric.unit === 'ns' || metric.unit === 'B' ? new Int64() : new Int32();
}

function fieldMetadata(metric: RecordMetric | RecordListMetric): Map<string, string> {
  return new Map([
    ['header', metric.header],
    ['kind', metric.kind],
    ['unit', metric.unit],
    ['display_unit', metric.displayUnit ?? metric.unit],
    ['flags', metric.flags.join(',')],
    ['formula', metric.formula],
  ]);
}
