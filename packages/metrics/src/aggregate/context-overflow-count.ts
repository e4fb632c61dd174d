import type { AggregateMetric } from '../metric.ts';

/** Failed requests whose prompt did not fit; absent when none failed. */
export const contextOverflowCount: AggregateMetric = {
  tag: 'context_overflow_count',
  header: 'Context Overflow Count',
  unit: 'requests',
  kind: 'aggregate',
  flags: ['error_only', 'no_individual_records'],
  consoleGroup: 'default',
  formula: "number of failed records whose error says that the prompt did not fit into the model's context",
  requires: ['context_overflow'],
  combine: 'sum',
  contribution: (values) => values.get('context_overflow'),
};
