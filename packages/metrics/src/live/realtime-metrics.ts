import type { PhaseKind } from '@aiperf/records';
import type { MetricBatchHeader } from '../metric-batch.ts';
import type { MetricDefinition, MetricResult } from '../metric-definition.ts';
import type { MetricsMessages } from '../messages.ts';
import { METRIC_DEFINITIONS } from '../registry.ts';
import { unitDivisor } from '../units.ts';
import type { LiveBatch, LiveSnapshot } from './rolling-window.ts';

type RealtimeMetric = MetricsMessages['realtime_metrics']['metrics'][number];

/** The part of a batch that belongs to profiling; cancelled requests are left out. */
export function liveBatchOf(header: MetricBatchHeader, phaseKinds: ReadonlyMap<number, PhaseKind>): LiveBatch {
  let rows = 0;
  let errors = 0;
  for (const [index, phase] of Object.entries(header.phases)) {
    if (phaseKinds.get(Number(index)) === 'warmup') continue;
    rows += phase.rows - phase.cancelled;
    errors += phase.errors;
  }
  return { rows, errors, outputTokens: header.output_tokens, sketches: header.live };
}

/** A snapshot as metrics in display units: `current` is the window's rate or median. */
export function realtimeMetricsOf(snapshot: LiveSnapshot): RealtimeMetric[] {
  const metrics = [
    rate('request_throughput', snapshot.requestsPerSec),
    rate('output_token_throughput', snapshot.outputTokensPerSec),
    rate('request_error_rate', snapshot.errorPercent),
  ];
  for (const [tag, { count, avg, p50, p90, p99 }] of snapshot.metrics) {
    const { header, unit, divisor } = shown(tag);
    metrics.push({
      tag,
      header,
      unit,
      avg: avg / divisor,
      p50: p50 / divisor,
      p90: p90 / divisor,
      p99: p99 / divisor,
      count,
      current: p50 / divisor,
    });
  }
  return metrics;
}

function rate(tag: string, value: number): RealtimeMetric {
  const { header, unit } = shown(tag);
  return { tag, header, unit, avg: value, current: value };
}

function shown(tag: string): Pick<MetricResult, 'header' | 'unit'> & { readonly divisor: number } {
  const metric: MetricDefinition | undefined = METRIC_DEFINITIONS.find((candidate) => candidate.tag === tag);
  const unit = metric?.displayUnit ?? metric?.unit ?? 'count';
  return { header: metric?.header ?? tag, unit, divisor: unitDivisor(metric?.unit ?? unit, unit) };
}
