import { readFileSync } from 'node:fs';
import type { PhaseConfig } from '@aiperf/config';
import { describe, expect, test } from 'vitest';
import { analyzeRecords, type AnalyzedPhase, type AnalyzeOptions } from './analyze-records.ts';
import { GOLDEN, GoldenRows } from './golden-rows.test.support.ts';
import type { MetricResult } from './metric-definition.ts';
import { createMetricSet } from './metric-set.ts';
import { StoredRows, type StoredRow } from './stored-rows.test.support.ts';
import { CHAT_MODE } from './test-records.test.support.ts';

const metrics = createMetricSet(CHAT_MODE);
const NOTHING = { rows: 0, errors: 0, cancelled: 0 };

function options(phases: readonly AnalyzedPhase[], change: Partial<AnalyzeOptions> = {}): AnalyzeOptions {
  const warn = (message: string): never => {
    throw new Error(message);
  };
  return { metrics, phases, epochNs: String, warn, ...change };
}

function phaseConfig(name: string, concurrency: number): PhaseConfig {
  return {
    name,
    kind: name.startsWith('warmup') ? 'warmup' : 'profiling',
    mode: 'concurrency',
    arrivalPattern: 'poisson',
    concurrency,
    requestCount: 1,
    gracePeriodSec: 0,
    seamless: false,
  };
}

function phaseOf(index: number, name: string, concurrency = 4): AnalyzedPhase {
  const config = phaseConfig(name, concurrency);
  return { index, kind: config.kind, config, startNs: 0, arrived: NOTHING };
}

function row(phase: number, startMs: number, latencyMs: number, change: StoredRow = {}): StoredRow {
  return {
    x_request_id: `${phase}/${startMs}`,
    phase_index: phase,
    valid: 1,
    was_cancelled: 0,
    session_num: startMs,
    turn_index: 0,
    request_start_offset_ns: startMs * 1e6,
    request_end_offset_ns: (startMs + latencyMs) * 1e6,
    resend_ns: 0,
    request_latency: latencyMs * 1e6,
    time_to_first_token: 1e6,
    output_sequence_length: 10,
    ...change,
  };
}

const avg = (results: readonly MetricResult[], tag: string): number | undefined =>
  results.find((result) => result.tag === tag)?.avg;

describe('analyzeRecords', () => {
  test('several warm-ups are pooled apart from several profiling phases; each of these has its load report', async () => {
    const source = new StoredRows([
      [row(0, 0, 10), row(1, 20, 30), row(2, 100, 50)],
      [row(3, 200, 70), row(2, 160, 20, { valid: 0, request_latency: undefined, time_to_first_token: undefined })],
    ]);
    const phases = [phaseOf(0, 'warmup'), phaseOf(1, 'warmup-2'), phaseOf(2, 'profiling'), phaseOf(3, 'late')];
    const { profiling, warmup, load, timeSlices } = await analyzeRecords(source, options(phases));
    expect(avg(warmup, 'request_latency')).toBe(20);
    expect(avg(warmup, 'effective_concurrency')).toBeCloseTo(40 / 50, 12);
    expect(avg(profiling, 'request_latency')).toBe(60);
    expect(avg(profiling, 'request_count')).toBe(2);
    expect(profiling.find(({ tag }) => tag === 'adj_request_latency')).toMatchObject({ count: 3, p50: 70, min: 50 });
    expect(load).toMatchObject([
      { phase: 'profiling', sent: 2, completed: 1, failed: 1, verdict: 'not_applicable', requestSpanSec: 0.08 },
      { phase: 'late', sent: 1, completed: 1, failed: 0 },
    ]);
    expect(timeSlices).toBeUndefined();
  });

  test('a phase of which no row arrived has a load report too, and the counts of one cut short come from its rows', async () => {
    const none = { sent: 7, completed: 3, failed: 0, cancelled: 0, lost: 4, neverSent: 2, sessions: 7 };
    const config: PhaseConfig = { ...phaseConfig('rate', 4), mode: 'request_rate', requestRatePerSec: 5 };
    const phases = [
      { ...phaseOf(0, 'profiling'), config, counts: none, arrived: { rows: 3, errors: 0, cancelled: 0 } },
      phaseOf(1, 'cut'),
      phaseOf(2, 'never begun'),
    ];
    const source = new StoredRows([[row(1, 0, 10), row(1, 10, 10, { turn_index: 1 })]]);
    const { load } = await analyzeRecords(source, options(phases));
    expect(load).toMatchObject([
      {
        ...none,
        verdict: 'degraded',
        reason: '2 requests were due and never sent; 7 requests left no record of when they were sent',
      },
      { phase: 'cut', sent: 2, completed: 2, sessions: 1 },
    ]);
    expect(load).toHaveLength(2);
  });

  test('outcomes in the load report are those of the rows once all are there: an error in the content is found nowhere else', async () => {
    const counts = { sent: 3, completed: 3, failed: 0, cancelled: 0, lost: 0, neverSent: 0, sessions: 3 };
    const phases = [{ ...phaseOf(0, 'profiling'), counts, arrived: { rows: 3, errors: 1, cancelled: 0 } }];
    const inBand = row(0, 20, 5, { valid: 0, request_latency: undefined, time_to_first_token: undefined });
    const whole = new StoredRows([[row(0, 0, 10), inBand, row(0, 30, 10)]]);
    const { load, violations } = await analyzeRecords(whole, options(phases));
    expect(load).toMatchObject([{ sent: 3, completed: 2, failed: 1, cancelled: 0 }]);
    expect(violations).toEqual([]);
    const partial = new StoredRows([[row(0, 0, 10), inBand]]);
    expect((await analyzeRecords(partial, options(phases))).load).toMatchObject([{ sent: 3, completed: 3, failed: 0 }]);
  });

  test('slices: by request start, empty ones left out, the last one clipped; rates by the length of the window', async () => {
    const source = new StoredRows([
      [row(0, 0, 5, { output_sequence_length: 99 }), row(1, 1000, 900), row(1, 1099, 10), row(1, 1100, 10)],
      // Between 1,200 and 1,400 none starts.
      [row(1, 1430, 20)],
    ]);
    const phases = [phaseOf(0, 'warmup'), phaseOf(1, 'profiling')];
    const { timeSlices = [] } = await analyzeRecords(source, options(phases, { sliceDurationSec: 0.1 }));
    const times = timeSlices.map(({ startEpochNs, endEpochNs, isComplete }) => [startEpochNs, endEpochNs, isComplete]);
    expect(times).toEqual([
      ['1000000000', '1100000000', true],
      ['1100000000', '1200000000', true],
      ['1400000000', '1500000000', true],
    ]);
    const [first] = timeSlices;
    expect(avg(first?.metrics ?? [], 'request_count')).toBe(2);
    expect(avg(first?.metrics ?? [], 'request_throughput')).toBeCloseTo(20, 9);
    expect(avg(first?.metrics ?? [], 'output_token_throughput')).toBeCloseTo(200, 9);
    // It reaches to the end of the last of its requests, beyond the window.
    expect(avg(first?.metrics ?? [], 'benchmark_duration')).toBe(0.9);
    expect(avg(timeSlices[2]?.metrics ?? [], 'effective_concurrency')).toBeCloseTo(1.2, 12);
    const tags = timeSlices.flatMap((slice) => slice.metrics.map(({ tag }) => tag));
    expect(tags).toContain('tokens_in_flight');
    expect(tags.filter((tag) => /^(effective_latency|credit_to_start_latency|replay_)/u.test(tag))).toEqual([]);
    const clipped = await analyzeRecords(
      new StoredRows([[row(1, 1000, 50), row(1, 1150, 20)]]),
      options(phases, { sliceDurationSec: 0.1 }),
    );
    expect(clipped.timeSlices?.[1]).toMatchObject({ endEpochNs: '1170000000', isComplete: false });
    expect(avg(clipped.timeSlices?.[1]?.metrics ?? [], 'request_throughput')).toBeCloseTo(1 / 0.07, 9);
  });

  test('more slices than anyone could look at are not made, and it is said', async () => {
    const rows = Array.from({ length: 10_001 }, (_, index) => row(1, index, 0.5));
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const { timeSlices } = await analyzeRecords(
      new StoredRows([rows]),
      options([phaseOf(1, 'profiling')], { sliceDurationSec: 0.001, warn }),
    );
    expect(timeSlices).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/--slice-duration 0.001 makes more than 10000 slices/u)]);
  });

  test('slices in a budget of a few values have the same metrics', async () => {
    const rows = Array.from({ length: 60 }, (_, index) => row(1, index * 7, 3 + ((index * 13) % 11)));
    const phases = [phaseOf(1, 'profiling')];
    const [plain, tight] = await Promise.all(
      [1e9, 32].map((columnBudgetBytes) =>
        analyzeRecords(new StoredRows([rows]), options(phases, { sliceDurationSec: 0.05, columnBudgetBytes })),
      ),
    );
    expect(plain?.timeSlices).toHaveLength(9);
    for (const [index, { metrics: expected }] of (plain?.timeSlices ?? []).entries()) {
      const found = tight?.timeSlices?.[index]?.metrics.find(({ tag }) => tag === 'request_latency');
      expect(found).toMatchObject({ p50: expected.find(({ tag }) => tag === 'request_latency')?.p50 });
    }
  });

  test('contradictions are listed, from single rows to the whole run', async () => {
    const source = new StoredRows([[row(1, 0, 100), row(1, 10, 100), row(1, 20, 100, { time_to_first_token: 101e6 })]]);
    const counts = { sent: 5, completed: 3, failed: 0, cancelled: 0, lost: 0, neverSent: 0, sessions: 5 };
    const phase = { ...phaseOf(1, 'profiling', 2), counts, arrived: { rows: 3, errors: 0, cancelled: 0 } };
    const { violations } = await analyzeRecords(source, options([phase]));
    expect(violations.map(({ rule }) => rule)).toEqual([
      'ttft_above_latency',
      'sent_not_accounted_for',
      'in_flight_above_concurrency',
    ]);
    expect(violations[0]?.example).toMatch(/^request 1\/20: /u);
  });

  test("a steady closed loop keeps to Little's law and to its concurrency", async () => {
    const rows = Array.from({ length: 4000 }, (_, index) => {
      const slot = index % 4;
      return row(1, Math.floor(index / 4) * 10 + slot, 10, { session_num: index, x_request_id: String(index) });
    });
    const counts = { sent: 4000, completed: 4000, failed: 0, cancelled: 0, lost: 0, neverSent: 0, sessions: 4000 };
    const phase = { ...phaseOf(1, 'profiling', 4), counts, arrived: { rows: 4000, errors: 0, cancelled: 0 } };
    const { violations, profiling } = await analyzeRecords(new StoredRows([rows]), options([phase]));
    expect(violations).toEqual([]);
    expect(avg(profiling, 'effective_concurrency')).toBeCloseTo(4, 2);
  });

  test('without rows there is nothing', async () => {
    const nothing = await analyzeRecords(
      new StoredRows([]),
      options([phaseOf(1, 'profiling')], { sliceDurationSec: 1 }),
    );
    expect(nothing).toEqual({ profiling: [], warmup: [], load: [], violations: [] });
  });
});

interface GoldenSlice {
  readonly start_ns: number;
  readonly end_ns: number;
  readonly is_complete?: boolean;
}

describe('time slices of AIPerf 0.13', () => {
  test.for([
    ['01-llama-raw', 2],
    ['02-poisson-goodput', 1],
    ['09-sigint', 1],
  ] as const)('%s: every statistic of every slice from its records', async ([run, sliceDurationSec]) => {
    const source = new GoldenRows(new URL(`${run}/profile_export.jsonl`, GOLDEN));
    const { timeslices } = JSON.parse(
      readFileSync(new URL(`${run}/profile_export_aiperf_timeslices.json`, GOLDEN), 'utf8'),
    ) as { readonly timeslices: readonly GoldenSlice[] };
    const { timeSlices = [] } = await analyzeRecords(
      source,
      options([phaseOf(0, 'warmup'), phaseOf(1, 'profiling')], {
        sliceDurationSec,
        epochNs: (runNs) => (BigInt(Math.round(runNs)) + source.originEpochNs).toString(),
      }),
    );
    expect(timeSlices).toHaveLength(timeslices.length);
    let compared = 0;
    for (const [index, { start_ns, end_ns, is_complete: isComplete = true, ...tags }] of timeslices.entries()) {
      const slice = timeSlices[index];
      // Theirs have passed through a double.
      expect(Math.abs(Number(slice?.startEpochNs) - start_ns)).toBeLessThanOrEqual(256);
      expect(Math.abs(Number(slice?.endEpochNs) - end_ns)).toBeLessThanOrEqual(256);
      expect(slice?.isComplete).toBe(isComplete);
      const found = new Map(slice?.metrics.map((result) => [result.tag, result]));
      for (const [tag, metric] of Object.entries(tags as Readonly<Record<string, MetricResult>>)) {
        // Where nothing is decoded AIPerf writes an active rate of 0, and we none.
        if (tag.startsWith('good') || (tag.startsWith('active_') && metric.max === 0)) continue;
        const isCurve = /^(effective|active)_|^tokens_in_flight/u.test(tag);
        for (const [name, stated] of Object.entries(metric)) {
          // Sums of doubles of epoch time make spikes of 256 ns, which show in the extremes and in deviations of nearly nothing.
          if (typeof stated !== 'number' || (isCurve && ['min', 'max', 'std'].includes(name))) continue;
          const value = Number(found.get(tag)?.[name as 'avg']);
          const relative = isCurve || /duration|throughput$/u.test(tag) ? 1e-5 : 1e-9;
          expect(
            Math.abs(value - stated),
            `${name} of ${tag} in slice ${index}: ${value}, not ${stated}`,
          ).toBeLessThanOrEqual(Math.max(1e-3, Math.abs(stated)) * relative);
          compared++;
        }
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});
