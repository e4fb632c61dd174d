import type { DerivedMetric } from '../metric.ts';

/** From the first request's start to the last answer's end. */
export const benchmarkDuration: DerivedMetric = {
  tag: 'benchmark_duration',
  header: 'Benchmark Duration',
  shortHeader: 'Duration',
  unit: 'ns',
  displayUnit: 'sec',
  kind: 'derived',
  flags: [],
  consoleGroup: 'none',
  formula: 'max_response_timestamp - min_request_timestamp',
  requires: ['max_response_timestamp', 'min_request_timestamp'],
  compute: (run) => run.scalar('max_response_timestamp') - run.scalar('min_request_timestamp'),
};
