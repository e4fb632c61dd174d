import type { MetricResult } from './metric-definition.ts';
import { isHidden, type Metric, type RunValues } from './metric.ts';
import type { MetricSet } from './metric-set.ts';
import { PERCENTILE_NAMES, uncertainPercentiles } from './stats/percentile.ts';
import type { Summary } from './stats/summary.ts';
import { unitDivisor } from './units.ts';

/** Results of one phase in native units, filled in the order record, aggregate, derived. */
export class PhaseValues implements RunValues {
  readonly #summaries = new Map<string, Summary>();
  readonly #scalars = new Map<string, number>();
  /** Results of no metric of the registry: error-adjusted latencies, curves over time. */
  readonly injected: MetricResult[] = [];

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

  /**
   * Computes the derived metrics of the set from what is there. With `windowNs`, whatever is made from the benchmark's duration is made
   * from that length instead; the duration itself stays that of the requests.
   */
  derive(metrics: MetricSet, windowNs?: number): void {
    const run: RunValues =
      windowNs === undefined
        ? this
        : {
            scalar: (tag) => (tag === 'benchmark_duration' ? windowNs : this.scalar(tag)),
            summary: (tag) => this.summary(tag),
            sum: (tag) => this.sum(tag),
          };
    for (const metric of metrics.derived) this.setScalar(metric.tag, metric.compute(run));
  }
}

/** The metrics that exist in a phase, in display units; hidden ones are left out. */
export function toResults(values: PhaseValues, metrics: MetricSet): MetricResult[] {
  const all: readonly Metric[] = [
    ...metrics.record,
    ...metrics.recordLists,
    ...metrics.derivedRecord,
    ...metrics.measured,
    ...metrics.aggregate,
    ...metrics.derived,
  ];
  const results = all.flatMap((metric) => {
    const result = isHidden(metric) ? undefined : toResult(values, metric);
    return result === undefined ? [] : [result];
  });
  return [...results, ...values.injected];
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
  const result = toMetricResult({ tag, header, unit }, summary, divisor);
  if (metric.kind !== 'derived_record' && metric.kind !== 'measured') return result;
  // As AIPerf states them.
  const { count: _count, ...withoutCount } = result;
  return withoutCount;
}

/** A summary in the display unit, which is the native one divided by `divisor`. */
export function toMetricResult(
  named: Pick<MetricResult, 'tag' | 'header' | 'unit'>,
  summary: Summary,
  divisor: number,
): MetricResult {
  const percentiles = Object.fromEntries(PERCENTILE_NAMES.map((name) => [name, summary[name] / divisor]));
  const confidence = Object.fromEntries(
    Object.entries(summary.confidence).map(([name, [low, high]]) => [name, [low / divisor, high / divisor]]),
  );
  const uncertain = uncertainPercentiles(summary.count);
  return {
    ...named,
    avg: summary.avg / divisor,
    ...percentiles,
    min: summary.min / divisor,
    max: summary.max / divisor,
    std: summary.std / divisor,
    count: summary.count,
    sum: summary.sum / divisor,
    ...(Object.keys(confidence).length === 0 ? {} : { confidence }),
    ...(uncertain.length === 0 ? {} : { uncertain }),
  };
}
