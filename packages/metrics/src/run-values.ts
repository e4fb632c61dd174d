import type { MetricResult } from './metric-definition.ts';
import type { Metric, RunValues } from './metric.ts';
import type { MetricSet } from './metric-set.ts';
import { PERCENTILES } from './stats/percentile.ts';
import type { Summary } from './stats/summary.ts';
import { unitDivisor } from './units.ts';

/** Results of one phase in native units, filled in the order record, aggregate, derived. */
export class PhaseValues implements RunValues {
  readonly #summaries = new Map<string, Summary>();
  readonly #scalars = new Map<string, number>();

  setSummary(tag: string, summary: Summary | undefined): void {
    if (summary !== undefined) this.#summaries.set(tag, summary);
  }

  setScalar(tag: string, value: number): void {
    if (Number.isFinite(value)) this.#scalars.set(tag, value);
  }

  scalar(tag: string): number {
    return this.#scalars.get(tag) ?? Number.NaN;
  }

  summary(tag: string): Summary | undefined {
    return this.#summaries.get(tag);
  }

  sum(tag: string): number {
    return this.#summaries.get(tag)?.sum ?? Number.NaN;
  }

  /** Computes the derived metrics of the set from what is there. */
  derive(metrics: MetricSet): void {
    for (const metric of metrics.derived) this.setScalar(metric.tag, metric.compute(this));
  }
}

/** The metrics that exist in a phase, in display units; internal ones are left out. */
export function toResults(values: PhaseValues, metrics: MetricSet): MetricResult[] {
  const shown = [...metrics.record, ...metrics.recordLists, ...metrics.aggregate, ...metrics.derived].filter(
    ({ flags }) => !flags.includes('internal'),
  );
  return shown.flatMap((metric) => {
    const result = toResult(values, metric);
    return result === undefined ? [] : [result];
  });
}

function toResult(values: PhaseValues, metric: Metric): MetricResult | undefined {
  const { tag, header } = metric;
  const unit = metric.displayUnit ?? metric.unit;
  const divisor = unitDivisor(metric.unit, unit);
  if (metric.kind === 'aggregate' || metric.kind === 'derived') {
    const avg = values.scalar(tag) / divisor;
    return Number.isFinite(avg) ? { tag, header, unit, avg } : undefined;
  }
  const summary = values.summary(tag);
  if (summary === undefined) return undefined;
  const percentiles = Object.fromEntries(
    PERCENTILES.map((percent) => [`p${percent}`, summary[`p${percent}`] / divisor]),
  );
  return {
    tag,
    header,
    unit,
    avg: summary.avg / divisor,
    ...percentiles,
    min: summary.min / divisor,
    max: summary.max / divisor,
    std: summary.std / divisor,
    count: summary.count,
    sum: summary.sum / divisor,
  };
}
