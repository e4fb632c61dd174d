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
