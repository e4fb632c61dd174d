import { nearestName } from '@aiperf/nearest-name';
import type {
  AggregateMetric,
  DerivedMetric,
  DerivedRecordMetric,
  MeasuredMetric,
  Metric,
  RecordListMetric,
  RecordMetric,
} from './metric.ts';
import { flagFilter, type MetricMode } from './metric-mode.ts';
import { MetricsError } from './metrics-error.ts';
import { ROW_COLUMNS, ROW_NUMBER_COLUMNS } from './row-columns.ts';
import { METRIC_DEFINITIONS } from './registry.ts';
import { unitDivisor } from './units.ts';

/** The metrics of one mode, each list in an order in which every metric comes after what it requires. */
export interface MetricSet {
  readonly mode: MetricMode;
  readonly record: readonly RecordMetric[];
  readonly recordLists: readonly RecordListMetric[];
  readonly aggregate: readonly AggregateMetric[];
  readonly derived: readonly DerivedMetric[];
  readonly derivedRecord: readonly DerivedRecordMetric[];
  readonly measured: readonly MeasuredMetric[];
}

/** What a metric of each kind may require. */
const ALLOWED_KINDS: Readonly<Record<Metric['kind'], readonly Metric['kind'][]>> = {
  record: ['record'],
  record_list: [],
  aggregate: ['record'],
  derived: ['record', 'record_list', 'aggregate', 'derived', 'measured'],
  derived_record: ['record', 'aggregate', 'measured'],
  measured: [],
};

/**
 * Checks a table of metrics and picks those that exist in a mode. A metric is left out when its flags or `appliesTo` say so, or when
 * something that it requires is left out. Throws {@link MetricsError} for a tag that is used twice or no name of a column, an unknown or
 * unusable requirement, a cycle, or a unit that has no conversion to the display unit.
 */
export function createMetricSet(mode: MetricMode, metrics: readonly Metric[] = METRIC_DEFINITIONS): MetricSet {
  const byTag = new Map<string, Metric>();
  for (const metric of metrics) {
    checkAlone(metric);
    if (byTag.has(metric.tag) || ROW_COLUMN_NAMES.has(metric.tag)) {
      throw new MetricsError(
        'AIPERF_METRICS_DUPLICATE_TAG',
        `The tag '${metric.tag}' is used twice; tags must be unique.`,
      );
    }
    byTag.set(metric.tag, metric);
  }
  const existing = existingIn(mode, sortByRequirements(byTag));
  for (const [tag, metric] of byTag) {
    if (metric.kind !== 'aggregate' || metric.forMode === undefined) continue;
    byTag.set(tag, { ...metric, ...metric.forMode(mode, byTag, existing) });
  }
  const ordered = sortByRequirements(byTag);
  const kept = existingIn(mode, ordered);
  const chosen = ordered.filter((metric) => kept.has(metric.tag));
  return {
    mode,
    record: chosen.filter((metric) => metric.kind === 'record'),
    recordLists: chosen.filter((metric) => metric.kind === 'record_list'),
    aggregate: chosen.filter((metric) => metric.kind === 'aggregate'),
    derived: chosen.filter((metric) => metric.kind === 'derived'),
    derivedRecord: chosen.filter((metric) => metric.kind === 'derived_record'),
    measured: chosen.filter((metric) => metric.kind === 'measured'),
  };
}

/** Tags are keys in files and names of columns everywhere. */
const TAG = /^[a-z][a-z0-9_]*$/u;
const ROW_COLUMN_NAMES: ReadonlySet<string> = new Set(ROW_COLUMNS.map(({ name }) => name));

function checkAlone({ tag, unit, displayUnit }: Metric): void {
  if (!TAG.test(tag)) {
    throw new MetricsError(
      'AIPERF_METRICS_BAD_TAG',
      `A metric's tag must be lower-case letters, digits and underscores, a letter first; found '${tag}'.`,
    );
  }
  try {
    unitDivisor(unit, displayUnit ?? unit);
  } catch (error) {
    throw new MetricsError('AIPERF_METRICS_UNIT_MISMATCH', `'${tag}': ${(error as Error).message}`, { cause: error });
  }
}

/** Tags of the metrics that exist in a mode; `ordered` has them after what they require. */
function existingIn(mode: MetricMode, ordered: readonly Metric[]): ReadonlySet<string> {
  const allowed = flagFilter(mode);
  const kept = new Set<string>();
  for (const metric of ordered) {
    const isComplete = (metric.requires ?? []).every((tag) => kept.has(tag) || ROW_NUMBER_COLUMNS.has(tag));
    if (isComplete && allowed(metric) && (metric.appliesTo?.(mode) ?? true)) kept.add(metric.tag);
  }
  return kept;
}

/** All that is computed before a metric, needed or not. */
function prerequisitesOf(metric: Metric): readonly string[] {
  return [...(metric.requires ?? []), ...(metric.optional ?? [])];
}

/** Depth-first topological order; the table's order is kept where requirements leave it free. */
function sortByRequirements(byTag: ReadonlyMap<string, Metric>): Metric[] {
  const ordered: Metric[] = [];
  const finished = new Set<string>();
  const path: string[] = [];
  const visit = (metric: Metric): void => {
    if (finished.has(metric.tag)) return;
    if (path.includes(metric.tag)) {
      const cycle = [...path.slice(path.indexOf(metric.tag)), metric.tag].join(' -> ');
      throw new MetricsError('AIPERF_METRICS_DEPENDENCY_CYCLE', `Metrics require each other: ${cycle}.`);
    }
    path.push(metric.tag);
    for (const tag of prerequisitesOf(metric)) {
      if (metric.kind === 'aggregate' && ROW_NUMBER_COLUMNS.has(tag)) continue;
      const required = byTag.get(tag);
      if (required === undefined) {
        const near = nearestName(tag, byTag.keys());
        throw new MetricsError(
          'AIPERF_METRICS_UNKNOWN_TAG',
          `'${metric.tag}' requires '${tag}', which does not exist${near === undefined ? '' : `; the nearest is '${near}'`}.`,
        );
      }
      if (!ALLOWED_KINDS[metric.kind].includes(required.kind)) {
        throw new MetricsError(
          'AIPERF_METRICS_WRONG_KIND',
          `'${metric.tag}' (${metric.kind}) requires '${tag}', a metric of kind ${required.kind}; it may require ${ALLOWED_KINDS[metric.kind].join(', ') || 'none'}.`,
        );
      }
      visit(required);
    }
    path.pop();
    finished.add(metric.tag);
    ordered.push(metric);
  };
  for (const metric of byTag.values()) visit(metric);
  return ordered;
}
