import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricResult } from './metric-definition.ts';
import { createMetricSet } from './metric-set.ts';
import { RecordBatchBuilder } from '@aiperf/records/file';
import { createRecordSchema } from './record-schema.ts';
import { GOLDEN, GoldenRows } from './golden-rows.test.support.ts';
import type { RecordSink } from '@aiperf/records/file';
import { groupsByKind } from './row-groups.ts';
import { toResults } from './run-values.ts';
import { summarizeRecords, type SummarizeOptions } from './summarize-records.ts';
import { CHAT_MODE, MemorySink } from './test-records.test.support.ts';

const metrics = createMetricSet(CHAT_MODE);
const schema = createRecordSchema(metrics);
const PHASES = new Map([
  [0, 'warmup'],
  [1, 'profiling'],
] as const);

interface TestRow {
  readonly phase: number;
  readonly outcome: 'valid' | 'failed' | 'cancelled';
  readonly startNs: number;
  readonly latencyNs: number;
  readonly outputTokens: number;
  readonly gapsNs: readonly number[];
}

async function sinkOf(batches: readonly (readonly TestRow[])[]): Promise<MemorySink> {
  const sink = new MemorySink(schema);
  const builder = new RecordBatchBuilder(schema, 0n);
  for (const rows of batches) {
    for (const { phase, outcome, startNs, latencyNs, outputTokens, gapsNs } of rows) {
      const row = builder.rowCount;
      builder.numberColumn('phase_index').set(row, phase);
      builder.numberColumn('request_start_offset_ns').set(row, startNs);
      builder.boolColumn('valid').set(row, outcome === 'valid');
      builder.boolColumn('was_cancelled').set(row, outcome === 'cancelled');
      if (outcome === 'failed') builder.numberColumn('error_isl').set(row, 10);
      if (outcome === 'valid') {
        builder.numberColumn('request_latency').set(row, latencyNs);
        builder.numberColumn('output_sequence_length').set(row, outputTokens);
        builder.numberColumn('requested_osl').set(row, 100);
        for (const gap of gapsNs) builder.listColumn('inter_chunk_latency').append(gap);
      }
      builder.listColumn('inter_chunk_latency').endRow(row);
      builder.endRow();
    }
    await sink.append(builder.take());
  }
  return sink;
}

/** Profiling and warm-up apart. */
async function summarizeKinds(
  source: Pick<RecordSink, 'rowCount' | 'scan'>,
  options: Omit<SummarizeOptions, 'groups'>,
): Promise<Readonly<Record<'profiling' | 'warmup', readonly MetricResult[]>>> {
  const [profiling, warmup] = await summarizeRecords(source, {
    ...options,
    groups: groupsByKind(['profiling', 'warmup'], PHASES),
  });
  if (profiling === undefined || warmup === undefined) throw new Error('two groups were asked for');
  return { profiling: toResults(profiling, options.metrics), warmup: toResults(warmup, options.metrics) };
}

function byTag(results: readonly MetricResult[]): ReadonlyMap<string, MetricResult> {
  return new Map(results.map((result) => [result.tag, result]));
}

const valid = (startMs: number, latencyMs: number, outputTokens = 100, phase = 1): TestRow => ({
  phase,
  outcome: 'valid',
  startNs: startMs * 1e6,
  latencyNs: latencyMs * 1e6,
  outputTokens,
  gapsNs: [latencyMs * 1e5, 0],
});

describe('summarizeRecords', () => {
  test('aggregates, derived metrics and display units of hand-made rows, warm-up apart, cancelled left out', async () => {
    const sink = await sinkOf([
      [valid(0, 50, 3, 0), valid(1000, 100), valid(1500, 300, 106)],
      [{ ...valid(1200, 0), outcome: 'failed' }, { ...valid(900, 9999), outcome: 'cancelled' }, valid(1900, 1100, 94)],
    ]);
    const { profiling, warmup } = await summarizeKinds(sink, { metrics });
    const results = byTag(profiling);
    const scalars: Record<string, number> = {
      request_count: 3,
      error_request_count: 1,
      completed_request_count: 4,
      request_error_rate: 25,
      benchmark_duration: 2,
      request_throughput: 1.5,
      total_osl: 300,
      output_token_throughput: 150,
      osl_mismatch_count: 2,
      total_error_isl: 10,
    };
    for (const [tag, avg] of Object.entries(scalars)) expect(results.get(tag), tag).toMatchObject({ tag, avg });
    expect(results.get('benchmark_duration')?.unit).toBe('sec');
    expect(results.get('request_latency')).toMatchObject({
      header: 'Request Latency',
      unit: 'ms',
      avg: 500,
      min: 100,
      p50: 300,
      p90: 940,
      max: 1100,
      count: 3,
      sum: 1500,
    });
    // Gaps are pooled over requests: 10, 0, 30, 0, 110, 0.
    expect(results.get('inter_chunk_latency')).toMatchObject({ count: 6, max: 110, p50: 5, unit: 'ms' });
    expect(results.has('min_request_timestamp')).toBe(false);
    expect(results.has('time_to_first_token')).toBe(false);
    expect(byTag(warmup).get('request_latency')).toMatchObject({ avg: 50, count: 1 });
    expect(byTag(warmup).has('error_request_count')).toBe(false);
  });

  test('without rows there are no results', async () => {
    const { profiling, warmup } = await summarizeKinds(new MemorySink(schema), { metrics });
    expect([profiling, warmup]).toEqual([[], []]);
  });

  test('a budget of a few values gives the same statistics in more passes', async () => {
    const row = fc.record({
      phase: fc.constantFrom(0, 1),
      outcome: fc.constantFrom('valid', 'valid', 'valid', 'failed', 'cancelled'),
      startNs: fc.nat({ max: 2 ** 31 - 1 }),
      latencyNs: fc.integer({ min: 1, max: 1000 }).map((value) => value * 1_000_000),
      outputTokens: fc.integer({ min: 1, max: 200 }),
      gapsNs: fc.array(fc.nat({ max: 50 }), { maxLength: 5 }),
    } satisfies Record<keyof TestRow, unknown>) as fc.Arbitrary<TestRow>;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (rows) => {
        const sink = await sinkOf([rows.slice(0, 7), rows.slice(7)].filter(({ length }) => length > 0));
        const plain = await summarizeKinds(sink, { metrics });
        const plainScans = sink.scanCount;
        const tight = await summarizeKinds(sink, { metrics, columnBudgetBytes: 16 });
        expect(sink.scanCount - plainScans).toBeGreaterThanOrEqual(plainScans);
        for (const kind of ['profiling', 'warmup'] as const) {
          expect(tight[kind].map(({ tag }) => tag)).toEqual(plain[kind].map(({ tag }) => tag));
          for (const [index, { std, avg, sum, ...exact }] of plain[kind].entries()) {
            expect(tight[kind][index]).toMatchObject(exact);
            const { avg: tightAvg, sum: tightSum, std: tightStd } = tight[kind][index] ?? {};
            const near = (value: number | undefined): unknown =>
              value === undefined ? undefined : expect.closeTo(value, 6);
            expect([tightAvg, tightSum, tightStd]).toEqual([avg, sum, std].map(near));
          }
        }
      }),
      { numRuns: 5 },
    );
  }, 60_000);
});

/** Not made from one request's records, or of a later issue, or not in AIPerf's records. */
const NOT_COMPARED =
  /^(goodput|good_request_.*|(effective|active)_.*|tokens_in_flight|credit_to_start_latency|context_overflow_count|replay_.*)$/u;
/** AIPerf divides these by the phase's length, from its first credit to its last return, which its records do not hold. */
const RATES = new Set([
  'request_throughput',
  'output_token_throughput',
  'input_token_throughput',
  'total_token_throughput',
]);
/** AIPerf subtracts epoch nanoseconds held in doubles, whose steps are 256 ns. */
const DURATION_ERROR_SEC = 512e-9;
const NAMES = [
  'avg',
  'min',
  'max',
  'std',
  'sum',
  'count',
  'p1',
  'p5',
  'p10',
  'p25',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
] as const;

describe('summaries of AIPerf 0.13', () => {
  test.for([
    ['01-llama-raw', true],
    ['02-poisson-goodput', true],
    ['03-faults-cancel', true],
    ['05-chat-nostream', false],
    ['06-multi-turn', true],
    ['07-mooncake-fixed', true],
    ['09-sigint', true],
  ] as const)('%s: every statistic from its records', async ([run, streaming]) => {
    const source = new GoldenRows(new URL(`${run}/profile_export.jsonl`, GOLDEN));
    const golden = JSON.parse(readFileSync(new URL(`${run}/profile_export_aiperf.json`, GOLDEN), 'utf8')) as Record<
      string,
      unknown
    >;
    const results = await summarizeKinds(source, {
      metrics: createMetricSet({ ...CHAT_MODE, streaming }),
    });
    const phases = [
      [results.profiling, golden],
      [results.warmup, golden['warmup_metrics'] ?? {}],
    ] as const;
    let compared = 0;
    for (const [ours, theirs] of phases) {
      const found = byTag(ours);
      const theirRate = (theirs as Readonly<Record<string, { readonly avg: number }>>)['request_throughput']?.avg ?? 1;
      const rateScale = (found.get('request_throughput')?.avg ?? 1) / theirRate;
      for (const [tag, metric] of Object.entries(theirs)) {
        if (typeof metric !== 'object' || metric === null || !('avg' in metric) || NOT_COMPARED.test(tag)) continue;
        const expected = metric as Readonly<Record<string, number | string>>;
        const result = found.get(tag);
        expect(result?.unit, `${tag} of ${run}`).toBe(expected['unit']);
        for (const name of NAMES) {
          const stated = expected[name];
          if (typeof stated !== 'number') continue;
          const value = RATES.has(tag) ? stated * rateScale : stated;
          const tolerance = tag === 'benchmark_duration' ? DURATION_ERROR_SEC : Math.max(Math.abs(value), 1e-3) * 1e-9;
          expect(Math.abs((result?.[name] ?? Number.NaN) - value), `${tag} ${name} of ${run}`).toBeLessThanOrEqual(
            tolerance,
          );
          compared++;
        }
      }
      const expectedTags = Object.keys(theirs);
      const extra = ours.map(({ tag }) => tag).filter((tag) => !expectedTags.includes(tag));
      expect(extra).toEqual([]);
    }
    expect(compared).toBeGreaterThan(200);
  });
});
