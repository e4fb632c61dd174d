export { METRIC_FLAGS } from './metric-definition.ts';
export type {
  ConsoleGroup,
  ErrorCount,
  MetricDefinition,
  MetricFlag,
  MetricResult,
  MetricUnit,
  RunResults,
} from './metric-definition.ts';
export type { MetricsMessages } from './messages.ts';
export type { ColumnBatch, OpenRecordSink, RecordSink } from './record-sink.ts';
