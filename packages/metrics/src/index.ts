export { definitionsOf, METRIC_DEFINITIONS } from './registry.ts';
export { loadMetricSet } from './load-metrics.ts';
export { createMetricSet } from './metric-set.ts';
export type { MetricSet } from './metric-set.ts';
export { CHAT_MODE } from './metric-mode.ts';
export type { MetricMode } from './metric-mode.ts';
export type { GoodputObjective, MetricRunConfig } from './run-config.ts';
export type {
  AggregateMetric,
  DerivedMetric,
  DerivedRecordMetric,
  MeasuredMetric,
  Metric,
  RecordListMetric,
  RecordMetric,
  RecordValues,
  RunValues,
} from './metric.ts';
export type { ParsedRecord, RecordSelection } from './parsed-record.ts';
export type { RequestMedia } from './request-media.ts';
export { METRIC_FLAGS } from './metric-definition.ts';
export type {
  ConsoleGroup,
  ErrorCount,
  InvariantViolation,
  LoadReport,
  MetricDefinition,
  MetricFlag,
  MetricResult,
  MetricUnit,
  RunResults,
  TimeSlice,
} from './metric-definition.ts';
export { OUTCOME_COLUMNS, RowCounts, rowOutcomes } from './row-counts.ts';
export type { RowOutcome } from './row-counts.ts';
export { ErrorTable, mergeErrors } from './error-table.ts';
export { METRICS_ERROR_CODES, MetricsError } from './metrics-error.ts';
export type { MetricsErrorCode } from './metrics-error.ts';
export type { MetricsMessages, RecordsManagerInputs } from './messages.ts';
