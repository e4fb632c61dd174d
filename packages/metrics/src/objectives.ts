import { nearestName } from '@aiperf/nearest-name';
import type { MetricMode } from './metric-mode.ts';
import type { Metric, RecordMetric } from './metric.ts';
import { MetricsError } from './metrics-error.ts';

/** An objective with the metric that it is about. */
export interface Objective {
  readonly metric: RecordMetric;
  /** In the metric's display unit. */
  readonly value: number;
}

/**
 * The objectives of a run. Throws `AIPERF_METRICS_BAD_OBJECTIVE`, naming all of them, when there are some that no request can be held
 * against: then every request would be bad, and nobody would know why.
 */
export function objectivesOf(
  mode: MetricMode,
  known: ReadonlyMap<string, Metric>,
  existing: ReadonlySet<string>,
): Objective[] {
  const problems: string[] = [];
  const objectives = mode.goodput.flatMap(({ tag, value }) => {
    const metric = known.get(tag);
    const problem = problemOf(tag, metric, mode, known);
    if (problem === undefined && metric?.kind === 'record' && existing.has(tag)) return [{ metric, value }];
    problems.push(`--goodput ${tag}: ${problem ?? 'it does not exist in this kind of run'}.`);
    return [];
  });
  if (problems.length > 0) throw new MetricsError('AIPERF_METRICS_BAD_OBJECTIVE', problems.join('\n'));
  return objectives;
}

function problemOf(
  tag: string,
  metric: Metric | undefined,
  mode: MetricMode,
  known: ReadonlyMap<string, Metric>,
): string | undefined {
  if (metric === undefined) {
    const short = [...known.values()].find(({ shortHeader }) => shortHeader?.toLowerCase() === tag.toLowerCase());
    const near = short?.tag ?? nearestName(tag, known.keys());
    return `there is no such metric${near === undefined ? '' : `; the nearest is '${near}'`}`;
  }
  if (metric.kind === 'record_list') return 'it has several values a request; an objective needs one';
  if (metric.kind !== 'record') return 'it is known for the whole run only; an objective needs a value of each request';
  if (metric.flags.includes('error_only')) return 'it exists for failed requests only, and those are never good';
  if (metric.flags.includes('streaming_only') && !mode.streaming) return 'it exists with --streaming only';
  return undefined;
}
