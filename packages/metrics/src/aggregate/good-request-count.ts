import { isLargerBetter } from '../metric-definition.ts';
import type { AggregateMetric, RecordValues } from '../metric.ts';
import { objectivesOf, type Objective } from '../objectives.ts';
import { unitDivisor } from '../units.ts';

/** Requests that met every objective of the run. */
export const goodRequestCount: AggregateMetric = {
  tag: 'good_request_count',
  header: 'Good Request Count',
  unit: 'requests',
  kind: 'aggregate',
  flags: ['goodput'],
  consoleGroup: 'none',
  formula:
    'number of valid records that meet every objective: at most the value, or at least where larger is better; a missing metric fails',
  requires: [],
  combine: 'sum',
  isStored: true,
  contribution: () => Number.NaN,
  forMode: (mode, known, existing) => {
    const limits = objectivesOf(mode, known, existing).map(limitOf);
    return {
      requires: limits.map(({ tag }) => tag),
      contribution: (values) => Number(limits.every((limit) => meets(values, limit))),
    };
  },
};

interface Limit {
  readonly tag: string;
  /** In the metric's native unit. */
  readonly value: number;
  readonly isLargerBetter: boolean;
}

function limitOf({ metric, value }: Objective): Limit {
  const nativeValue = value * unitDivisor(metric.unit, metric.displayUnit ?? metric.unit);
  return { tag: metric.tag, value: nativeValue, isLargerBetter: isLargerBetter(metric) };
}

/** Comparisons with NaN are false: a request without the metric is not good. */
function meets(values: RecordValues, { tag, value, isLargerBetter: isAtLeast }: Limit): boolean {
  return isAtLeast ? values.get(tag) >= value : values.get(tag) <= value;
}
