import type { AggregateMetric } from '../metric.ts';

/** Requests that succeeded. */
export const requestCount: AggregateMetric = {
  tag: 'request_count',
  header: 'Request Count',
  shortHeader: 'Requests',
  unit: 'requests',
  kind: 'aggregate',
  flags: ['larger_is_better', 'no_individual_records'],
  consoleGroup: 'default',
  displayOrder: 1100,
  formula: 'number of valid records',
  requires: [],
  combine: 'sum',
  contribution: () => 1,
};
