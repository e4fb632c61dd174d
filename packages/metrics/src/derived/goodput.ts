import type { DerivedMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { countOrZero } from './completed-request-count.ts';

const NS_PER_SEC = 1e9;

/** Share of the completed requests that met every objective. The header is AIPerf's. */
export const goodRequestFraction: DerivedMetric = {
  tag: 'good_request_fraction',
  header: 'GoodRequestFraction',
  unit: 'ratio',
  kind: 'derived',
  flags: ['larger_is_better', 'goodput'],
  consoleGroup: 'none',
  requires: ['good_request_count', 'request_count', 'error_request_count'],
  formula: 'good_request_count / (request_count + error_request_count); 0 when none was good',
  compute: (run) =>
    ratio(
      countOrZero(run, 'good_request_count'),
      countOrZero(run, 'request_count') + countOrZero(run, 'error_request_count'),
    ),
};

/** Requests per second that met every objective. */
export const goodput: DerivedMetric = {
  tag: 'goodput',
  header: 'Goodput',
  unit: 'requests/sec',
  kind: 'derived',
  flags: ['goodput'],
  consoleGroup: 'default',
  displayOrder: 1000,
  requires: ['good_request_count', 'benchmark_duration'],
  formula: 'good_request_count / benchmark_duration in seconds',
  compute: (run) => ratio(run.scalar('good_request_count'), run.scalar('benchmark_duration') / NS_PER_SEC),
};
