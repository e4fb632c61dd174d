import {
  Bool,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Schema,
  TimestampNanosecond,
  Utf8,
  type DataType,
} from 'apache-arrow';
import { isLargerBetter, type MetricDefinition } from './metric-definition.ts';
import type { AggregateMetric, RecordListMetric, RecordMetric } from './metric.ts';
import type { MetricSet } from './metric-set.ts';
import type { RowColumn, RowColumnType } from '@aiperf/records';
import { RESPONSE_TEXT_COLUMN, ROW_COLUMNS } from './row-columns.ts';

/** Version of the record file's layout: a new minor version adds columns, a new major version changes or drops some. */
export const RECORD_SCHEMA_VERSION = '1.1';

/** What a run's schema has beside its metrics. */
export interface RecordSchemaOptions {
  /** In the file from its first byte on, so that what a killed run leaves says which run it was. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Adds the text of each response. */
  readonly hasResponseText?: boolean;
}

/**
 * The schema of one row a request: the fixed columns, then every record metric of the mode by its tag, in its native unit. Record
 * processors and the records manager each make it from the plan; the bytes between them carry no schema.
 */
export function createRecordSchema(metrics: MetricSet, options: RecordSchemaOptions = {}): Schema {
  const { metadata, hasResponseText = false } = options;
  const fields = [
    ...ROW_COLUMNS.map(rowField),
    ...(hasResponseText ? [rowField(RESPONSE_TEXT_COLUMN)] : []),
    ...metrics.record.map((metric) => new Field(metric.tag, scalarType(metric), true, fieldMetadata(metric))),
    ...storedAggregates(metrics).map(
      // What a row holds of it is a value of the request.
      (metric) => new Field(metric.tag, new Int32(), true, fieldMetadata({ ...metric, kind: 'record' })),
    ),
    ...metrics.recordLists.map(
      (metric) =>
        new Field(metric.tag, new List(new Field('item', scalarType(metric), false)), true, fieldMetadata(metric)),
    ),
  ];
  return new Schema(fields, new Map([['aiperf.schema_version', RECORD_SCHEMA_VERSION], ...(metadata ?? [])]));
}

const ROW_TYPES: Readonly<Record<RowColumnType, DataType>> = {
  utf8: new Utf8(),
  bool: new Bool(),
  int32: new Int32(),
  int64: new Int64(),
  timestamp: new TimestampNanosecond('UTC'),
};

function rowField({ name, type, nullable, header, kind }: RowColumn): Field {
  const metadata = new Map([
    ['header', header],
    ['kind', kind],
  ]);
  if (name.endsWith('_ns')) metadata.set('unit', 'ns');
  return new Field(name, ROW_TYPES[type], nullable, metadata);
}

/** Durations and byte counts need 64 bits; counts and tokens of one request do not. */
function scalarType(metric: RecordMetric | RecordListMetric): DataType {
  if (metric.valueType === 'float') return new Float64();
  return metric.unit === 'ns' || metric.unit === 'B' ? new Int64() : new Int32();
}

/** Aggregates of which every row keeps its part. */
export function storedAggregates(metrics: MetricSet): AggregateMetric[] {
  return metrics.aggregate.filter(({ isStored }) => isStored === true);
}

function fieldMetadata(metric: MetricDefinition): Map<string, string> {
  return new Map([
    ['header', metric.header],
    ['kind', metric.kind],
    ['unit', metric.unit],
    ['display_unit', metric.displayUnit ?? metric.unit],
    ['flags', metric.flags.join(',')],
    ['formula', metric.formula],
    ['larger_is_better', String(isLargerBetter(metric))],
    ['version', String(metric.version ?? 1)],
  ]);
}
