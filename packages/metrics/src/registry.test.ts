import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Metric } from './metric.ts';
import { createMetricSet } from './metric-set.ts';
import { MetricValues } from './metric-values.ts';
import { METRIC_DEFINITIONS } from './registry.ts';
import { RecordSlot } from './record-slots.ts';
import { PhaseValues } from './run-values.ts';
import { CHAT_MODE } from './test-records.test.support.ts';
import { unitDivisor } from './units.ts';

/** Metrics that AIPerf 0.13 does not have. */
const OURS = new Set([
  'send_lag',
  'slot_turnaround',
  'coalescing_ratio',
  'inter_token_latency_lower_bound',
  'inter_token_latency_upper_bound',
  'max_inter_chunk_latency',
  'stall_count',
  'stalls_per_1000_tokens',
]);
/** AIPerf injects these without a registry entry; its table gives them in milliseconds. */
const INJECTED = new Set(['effective_latency', 'credit_to_start_latency']);

/** Kinds that are `derived` in AIPerf's table. */
const KINDS: Readonly<Record<string, string>> = { derived_record: 'derived', measured: 'derived' };

/** What AIPerf 0.13 has in its own registry, by tag. */
const SPECIFICATION = new URL('../../../test/data/aiperf-0.13-metrics.json', import.meta.url);

interface SpecifiedMetric {
  readonly header: string;
  readonly unit: string;
  readonly kind: string;
  readonly flags: readonly string[];
  readonly group: string;
}

function specifiedMetrics(): ReadonlyMap<string, SpecifiedMetric> {
  return new Map(Object.entries(JSON.parse(readFileSync(SPECIFICATION, 'utf8')) as Record<string, SpecifiedMetric>));
}

function asSpecified(metric: Metric): SpecifiedMetric {
  const type = 'valueType' in metric ? metric.valueType : undefined;
  const display = metric.displayUnit === undefined ? '' : ` (${metric.displayUnit})`;
  const order = metric.displayOrder === undefined ? '' : ` / ${metric.displayOrder}`;
  return {
    header: metric.header,
    unit: metric.unit + display,
    kind:
      type === undefined
        ? (KINDS[metric.kind] ?? metric.kind)
        : metric.kind === 'record_list'
          ? `record list[${type}]`
          : `record ${type}`,
    flags: metric.flags,
    group: metric.consoleGroup + order,
  };
}

describe('METRIC_DEFINITIONS', () => {
  test('agrees with the table of AIPerf 0.13', () => {
    const specified = specifiedMetrics();
    const compared: string[] = [];
    for (const metric of METRIC_DEFINITIONS) {
      if (OURS.has(metric.tag) || INJECTED.has(metric.tag)) continue;
      const expected = specified.get(metric.tag);
      expect(expected, metric.tag).toBeDefined();
      if (expected === undefined) continue;
      const flags = expected.flags
        .flatMap((flag) => (flag === 'STREAMING_TOKENS_ONLY' ? ['STREAMING_ONLY', 'PRODUCES_TOKENS_ONLY'] : [flag]))
        .map((flag) => flag.toLowerCase())
        .filter((flag) => flag !== '');
      const actual = asSpecified(metric);
      const kind =
        metric.kind === 'record' || metric.kind === 'record_list' ? expected.kind : (expected.kind.split(' ')[0] ?? '');
      expect({ tag: metric.tag, ...actual, flags: actual.flags.toSorted() }).toEqual({
        tag: metric.tag,
        ...expected,
        kind,
        flags: flags.toSorted(),
      });
      compared.push(metric.tag);
    }
    expect(compared.length).toBeGreaterThan(105);
  });

  test.for(METRIC_DEFINITIONS.map((metric) => [metric.tag, metric] as const))(
    '%s has units that convert',
    ([, metric]) => {
      expect(unitDivisor(metric.unit, metric.displayUnit ?? metric.unit)).toBeGreaterThan(0);
      expect(metric.formula).not.toBe('');
    },
  );

  test.for(METRIC_DEFINITIONS.map((metric) => [metric.tag, metric] as const))(
    '%s reads only what it declares',
    ([, metric]) => {
      const declared = new Set([...(metric.requires ?? []), ...(metric.optional ?? [])]);
      const read = new Set<string>();
      const get = (tag: string): number => {
        read.add(tag);
        return 1;
      };
      const summary = (tag: string): undefined => void get(tag);
      if (metric.kind === 'record') metric.compute(new RecordSlot(), { get });
      if (metric.kind === 'record_list') metric.compute(new RecordSlot(), () => undefined);
      if (metric.kind === 'aggregate') metric.contribution({ get });
      if (metric.kind === 'derived') metric.compute({ scalar: get, sum: get, summary });
      if (metric.kind === 'derived_record') metric.compute(get(metric.of), { scalar: get, sum: get, summary });
      expect([...read].filter((tag) => !declared.has(tag))).toEqual([]);
    },
  );

  test('nothing is computed from nothing: every value of an empty record and an empty phase is absent', () => {
    const metrics = createMetricSet(CHAT_MODE);
    const values = new MetricValues(metrics.record);
    values.compute(new RecordSlot(), true);
    const present = metrics.record.map(({ tag }) => tag).filter((tag) => !Number.isNaN(values.get(tag)));
    // Counts of what surely happened (nothing was reused, one send) and bytes, which a slot holds as numbers.
    expect(present).toEqual(
      expect.arrayContaining(['http_req_connection_reused', 'http_req_data_sent', 'http_req_chunks_sent']),
    );
    expect(present.every((tag) => tag.startsWith('http_req_'))).toBe(true);
    const phase = new PhaseValues();
    phase.derive(metrics);
    expect(metrics.derived.filter(({ tag }) => !Number.isNaN(phase.scalar(tag)))).toEqual([]);
  });
});
