import type { DerivedMetric, RunValues } from '../metric.ts';
import { ratio } from '../ratio.ts';

const REQUIRES = ['request_count', 'error_request_count'] as const;

/** A count that no record contributed to is 0 here: whether there were any is the question. */
export function countOrZero(run: RunValues, tag: string): number {
  const value = run.scalar(tag);
  return Number.isNaN(value) ? 0 : value;
}

function completed(run: RunValues): number {
  const total = countOrZero(run, 'request_count') + countOrZero(run, 'error_request_count');
  return total === 0 ? Number.NaN : total;
}

/** Requests that came to an end of their own, well or badly. */
export const completedRequestCount: DerivedMetric = {
  tag: 'completed_request_count',
  header: 'Completed Requests (Success + Error)',
  unit: 'requests',
  kind: 'derived',
  flags: ['no_individual_records'],
  consoleGroup: 'default',
  displayOrder: 1075,
  formula: 'request_count + error_request_count',
  requires: REQUIRES,
  compute: completed,
};

/** Share of completed requests that failed. */
export const requestErrorRate: DerivedMetric = {
  tag: 'request_error_rate',
  header: 'Request Error Rate',
  unit: '%',
  kind: 'derived',
  flags: ['no_individual_records'],
  consoleGroup: 'default',
  displayOrder: 1080,
  formula: 'error_request_count / (request_count + error_request_count) * 100',
  requires: REQUIRES,
  compute: (run) => ratio(countOrZero(run, 'error_request_count'), completed(run)) * 100,
};
