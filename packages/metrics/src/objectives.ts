import { nearestName } from '@aiperf/config';
import { flagFilter, type MetricMode } from './metric-mode.ts';
import type { Metric, RecordMetric } from './metric.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * The metric that an objective of the run is about. Throws `AIPERF_METRICS_BAD_OBJECTIVE` when no request can be held against it: then every
 * request would be bad, and nobody would know why.
 */
export function objectiveMetric(tag: string, mode: MetricMode, known: ReadonlyMap<string, Metric>): RecordMetric {
  const metric = known.get(tag);
  if (metric === undefined) {
    const near = nearestName(tag, known.keys());
    throw badObjective(tag, `there is no such metric${near === undefined ? '' : `; the nearest is '${near}'`}`);
  }
  if (metric.kind === 'record_list') throw badObjective(tag, 'it has several values a request; an objective needs one');
  if (metric.kind !== 'record') {
    throw badObjective(tag, 'it is known for the whole run only; an objective needs a value of each request');
  }
  if (metric.flags.includes('error_only')) {
    throw badObjective(tag, 'it exists for failed requests only, and those are never good');
  }
  if (metric.flags.includes('streaming_only') && !mode.streaming) {
    throw badObjective(tag, 'it exists with --streaming only');
  }
  if (!flagFilter(mode)(metric) || metric.appliesTo?.(mode) === false) {
    throw badObjective(tag, 'it does not exist in this kind of run');
  }
  return metric;
}

function badObjective(tag: string, problem: string): MetricsError {
  return new MetricsError('AIPERF_METRICS_BAD_OBJECTIVE', `--goodput ${tag}: ${problem}.`);
}
