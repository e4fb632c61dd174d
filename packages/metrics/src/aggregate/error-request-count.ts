import type { AggregateMetric } from '../metric.ts';

/** Requests that failed; absent when none did. */
export const errorRequestCount: AggregateMetric = {
  tag: 'error_request_count',
  header: 'Error Request Count',
  shortHeader: 'Errors',
  unit: 'requests',
  kind: 'aggregate',
  flags: ['error_only', 'no_individual_records'],
  consoleGroup: 'default',
  formula: 'number of failed records',
  requires: [],
  combine: 'sum',
  contribution: () => 1,
};
