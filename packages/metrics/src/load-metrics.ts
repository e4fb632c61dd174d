import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MetricRunConfig } from './run-config.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { metricModeOf } from './metric-mode.ts';
import { createMetricSet, type MetricSet } from './metric-set.ts';
import type { Metric } from './metric.ts';
import { MetricsError } from './metrics-error.ts';
import { METRIC_DEFINITIONS } from './registry.ts';

/** Types of members by name; an object is a list. */
type Members = Readonly<Record<string, 'string' | 'function' | 'object'>>;
/** Members that every metric has, and those that only its kind has. */
const COMMON: Members = { tag: 'string', header: 'string', unit: 'string', consoleGroup: 'string', formula: 'string' };
const BY_KIND: Readonly<Record<Metric['kind'], Members>> = {
  record: { valueType: 'string', compute: 'function' },
  record_list: { valueType: 'string', compute: 'function' },
  aggregate: { requires: 'object', combine: 'string', contribution: 'function' },
  derived: { requires: 'object', compute: 'function' },
  derived_record: { of: 'string', requires: 'object', compute: 'function' },
  measured: {},
};

/**
 * The metrics of a run: the set of its mode from this package's table and the run's own modules. Every process of the run loads it by itself.
 * Throws {@link MetricsError} for a module that cannot be used, and for everything that `createMetricSet` refuses.
 */
export async function loadMetricSet(config: MetricRunConfig): Promise<MetricSet> {
  const own = await Promise.all(config.metrics.modules.map(loadModule));
  return createMetricSet(metricModeOf(config), [...METRIC_DEFINITIONS, ...own.flat()]);
}

/** What files and tables must know of the metrics that are not this package's own. */
export function foreignDefinitions(metrics: MetricSet): MetricDefinition[] {
  const known = new Set(METRIC_DEFINITIONS.map(({ tag }) => tag));
  const all: readonly Metric[] = [
    ...metrics.record,
    ...metrics.recordLists,
    ...metrics.aggregate,
    ...metrics.derived,
    ...metrics.derivedRecord,
    ...metrics.measured,
  ];
  return all.filter(({ tag }) => !known.has(tag)).map(definitionOf);
}

/** A metric without its functions, as it can be stored. */
function definitionOf(metric: Metric): MetricDefinition {
  const { tag, header, shortHeader, unit, displayUnit, kind, flags, consoleGroup, displayOrder, formula } = metric;
  const { requires, version } = metric;
  return {
    tag,
    header,
    ...(shortHeader === undefined ? {} : { shortHeader }),
    unit,
    ...(displayUnit === undefined ? {} : { displayUnit }),
    kind,
    flags,
    consoleGroup,
    ...(displayOrder === undefined ? {} : { displayOrder }),
    formula,
    ...(requires === undefined ? {} : { requires }),
    ...(version === undefined ? {} : { version }),
  };
}

/** The metrics that a module exports: a list, or one, as `metrics` or as its default. */
async function loadModule(path: string): Promise<Metric[]> {
  let exported: { readonly metrics?: unknown; readonly default?: unknown };
  try {
    exported = (await import(pathToFileURL(resolve(path)).href)) as typeof exported;
  } catch (error) {
    throw badModule(path, `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const found = exported.metrics ?? exported.default;
  if (found === undefined) throw badModule(path, "exports neither 'metrics' nor a default");
  const list: readonly unknown[] = Array.isArray(found) ? found : [found];
  return list.map((metric, index) => {
    const problem = problemOf(metric);
    if (problem !== undefined) throw badModule(path, `metric ${index + 1}: ${problem}`);
    return metric as Metric;
  });
}

/** What is missing for a value to be a metric. */
function problemOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'expected an object';
  const metric = value as Readonly<Record<string, unknown>>;
  const name = typeof metric['tag'] === 'string' ? `'${metric['tag']}'` : 'it';
  const kinds = Object.keys(BY_KIND);
  const kind = kinds.find((known) => known === metric['kind']) as Metric['kind'] | undefined;
  if (kind === undefined) return `${name} needs a kind: ${kinds.join(', ')}`;
  for (const [key, type] of Object.entries({ ...COMMON, ...BY_KIND[kind] })) {
    if (typeof metric[key] !== type) return `${name} needs '${key}', a ${type === 'object' ? 'list' : type}`;
  }
  return Array.isArray(metric['flags']) ? undefined : `${name} needs 'flags', a list`;
}

function badModule(path: string, problem: string, cause?: unknown): MetricsError {
  return new MetricsError('AIPERF_METRICS_BAD_MODULE', `--metrics-module ${path}: ${problem}.`, { cause });
}
