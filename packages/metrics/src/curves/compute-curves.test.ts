import { array, assert as assertProperty, asyncProperty, integer, nat, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricResult } from '../metric-definition.ts';
import { createMetricSet } from '../metric-set.ts';
import { StoredRows } from '../stored-rows.test.support.ts';
import { CHAT_MODE } from '../test-records.test.support.ts';
import { computeCurves, type CurveOptions } from './compute-curves.ts';
import type { TimeWindow } from './event-block.ts';

interface Request {
  readonly startNs: number;
  readonly endNs: number;
  /** Absent: it failed, or did not stream. */
  readonly ttftNs?: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly gapsNs?: readonly number[];
}

/** Rows of one profiling phase. */
function rowsOf(batches: readonly (readonly Request[])[]): StoredRows {
  return new StoredRows(
    batches.map((batch) =>
      batch.map(({ startNs, endNs, ttftNs, inputTokens, outputTokens, gapsNs }) => ({
        phase_index: 0,
        request_start_offset_ns: startNs,
        request_end_offset_ns: endNs,
        time_to_first_token: ttftNs,
        input_sequence_length: inputTokens,
        output_sequence_length: outputTokens,
        inter_chunk_latency: gapsNs,
      })),
    ),
  );
}

const metrics = createMetricSet(CHAT_MODE);

async function curvesOf(
  rows: StoredRows,
  windows: readonly TimeWindow[],
  options: Partial<CurveOptions> = {},
): Promise<ReadonlyMap<string, MetricResult>[]> {
  const { batchTimes } = rows;
  const results = await computeCurves(rows, { metrics, includes: () => true, windows, batchTimes, ...options });
  return results.map((ofWindow) => new Map(ofWindow.map((result) => [result.tag, result])));
}

describe('computeCurves', () => {
  test('two requests by hand: overlapping by a quarter, one with chunks of which two came in one read', async () => {
    const rows = rowsOf([
      [
        // 100 tokens in 100 ns; then 1 + 4 tokens: gaps of 50 ns, 0 and 150 ns.
        { startNs: 0, endNs: 300, ttftNs: 100, inputTokens: 100, outputTokens: 4, gapsNs: [50, 0, 150] },
        { startNs: 200, endNs: 400 },
      ],
    ]);
    const [curves] = await curvesOf(rows, [{ startNs: 0, endNs: 400 }]);
    expect(curves?.get('effective_concurrency')).toMatchObject({ avg: 1.25, min: 1, max: 2, p50: 1, p90: 2 });
    expect(curves?.get('effective_prefill_concurrency')).toMatchObject({ avg: 0.25, min: 0, max: 1, p50: 0, p90: 1 });
    expect(curves?.get('effective_decode_concurrency')).toMatchObject({ avg: 0.5, max: 1 });
    expect(curves?.get('effective_prefill_throughput')).toMatchObject({ avg: 0.25e9, min: 0, max: 1e9 });
    expect(curves?.get('active_prefill_throughput')).toMatchObject({ avg: 1e9, min: 1e9, max: 1e9, std: 0 });
    // Three tokens over two gaps with a length: 1.5 in 50 ns, 1.5 in 150 ns.
    expect(curves?.get('active_decode_throughput')).toMatchObject({ max: 0.03e9, p90: 0.03e9 });
    expect(curves?.get('active_decode_throughput')?.p50).toBeCloseTo(0.01e9, 3);
    expect(curves?.get('active_decode_throughput')?.avg).toBeCloseTo(0.015e9, 3);
    // Prefill 1 token/ns for 100 ns, then 3 tokens evenly over 200 ns, then nothing, with the other request still in flight.
    expect(curves?.get('active_total_throughput')).toMatchObject({ min: 0, max: 1e9 });
    expect(curves?.get('active_total_throughput')?.avg).toBeCloseTo((103 / 400) * 1e9, 3);
    // 100 before the first token, 101 for 50 ns, 103 once the next two have come; the last one comes with the end.
    expect(curves?.get('tokens_in_flight')).toMatchObject({ min: 0, max: 103, p50: 100 });
    expect(curves?.get('tokens_in_flight')?.avg).toBeCloseTo((100 * 100 + 101 * 50 + 103 * 150) / 400, 9);
  });

  test('of events at one moment the ends count first: a slot that is used again at once is one request in flight', async () => {
    const rows = rowsOf([[0, 10, 20].map((startNs) => ({ startNs, endNs: startNs + 10 }))]);
    const [curves] = await curvesOf(rows, [{ startNs: 0, endNs: 30 }]);
    expect(curves?.get('effective_concurrency')).toMatchObject({ avg: 1, min: 1, max: 1, std: 0 });
  });

  test('a window counts what began before it, and nobody who has left', async () => {
    const rows = rowsOf([[{ startNs: 0, endNs: 100 }], [{ startNs: 120, endNs: 130 }]]);
    const curves = await curvesOf(rows, [
      { startNs: 50, endNs: 110 },
      { startNs: 110, endNs: 140 },
    ]);
    expect(curves[0]?.get('effective_concurrency')?.avg).toBeCloseTo(50 / 60, 12);
    expect(curves[1]?.get('effective_concurrency')?.avg).toBeCloseTo(10 / 30, 12);
  });

  test('without streaming there is the concurrency alone, and without requests of a kind nothing else is made up', async () => {
    const rows = rowsOf([[{ startNs: 0, endNs: 10 }]]);
    const windows = [{ startNs: 0, endNs: 10 }];
    const [whole] = await curvesOf(rows, windows, { metrics: createMetricSet({ ...CHAT_MODE, streaming: false }) });
    expect([...(whole?.keys() ?? [])]).toEqual(['effective_concurrency']);
    const [streaming] = await curvesOf(rows, windows);
    expect(streaming?.has('active_decode_throughput')).toBe(false);
    expect(await curvesOf(rows, [])).toEqual([]);
  });

  const request = record({
    startNs: nat({ max: 1000 }),
    ttftNs: nat({ max: 50 }),
    inputTokens: nat({ max: 100 }),
    gapsNs: array(nat({ max: 20 }), { maxLength: 8 }),
    restNs: integer({ min: 1, max: 30 }),
    tokensPerChunk: integer({ min: 1, max: 3 }),
  }).map(({ startNs, ttftNs, inputTokens, gapsNs, restNs, tokensPerChunk }): Request => {
    const endNs = startNs + ttftNs + gapsNs.reduce((sum, gap) => sum + gap, 0) + restNs;
    return { startNs, endNs, ttftNs, inputTokens, gapsNs, outputTokens: 1 + gapsNs.length * tokensPerChunk };
  });

  test('small blocks, and several passes, give the same numbers as everything in memory', async () => {
    await assertProperty(
      asyncProperty(array(request, { minLength: 1, maxLength: 40 }), nat({ max: 20 }), async (requests, cut) => {
        const rows = rowsOf([requests.slice(0, cut), requests.slice(cut)].filter(({ length }) => length > 0));
        const windows = [
          { startNs: 0, endNs: 400 },
          { startNs: 450, endNs: 1300 },
        ];
        const inMemory = await curvesOf(rows, windows);
        const inBlocks = await curvesOf(rows, windows, { keptEventsMax: 0, blockEvents: 7 });
        for (const [index, curves] of inMemory.entries()) {
          expect([...(inBlocks[index]?.keys() ?? [])]).toEqual([...curves.keys()]);
          for (const [tag, { header: _header, unit: _unit, tag: _tag, ...numbers }] of curves) {
            for (const [name, value] of Object.entries(numbers)) {
              const other = Number(inBlocks[index]?.get(tag)?.[name as 'avg']);
              expect(Math.abs(other - Number(value)), `${name} of ${tag}`).toBeLessThanOrEqual(
                1e-9 * Math.max(1, Math.abs(Number(value))),
              );
            }
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test('what the curves integrate to is what the requests brought', async () => {
    await assertProperty(
      asyncProperty(array(request, { minLength: 1, maxLength: 40 }), async (requests) => {
        const startNs = Math.min(...requests.map((one) => one.startNs));
        const endNs = Math.max(...requests.map((one) => one.endNs));
        const [curves] = await curvesOf(rowsOf([requests]), [{ startNs, endNs }]);
        const integral = (tag: string): number => ((curves?.get(tag)?.avg ?? 0) * (endNs - startNs)) / 1e9;
        const sum = (valueOf: (one: Request) => number): number =>
          requests.reduce((total, one) => total + valueOf(one), 0);
        const laterTokens = sum(({ outputTokens = 0 }) => outputTokens - 1);
        const inputTokens = sum((one) => ((one.ttftNs ?? 0) > 0 ? (one.inputTokens ?? 0) : 0));
        expect(integral('effective_concurrency') * 1e9).toBeCloseTo(
          sum((one) => one.endNs - one.startNs),
          3,
        );
        expect(integral('effective_decode_throughput')).toBeCloseTo(laterTokens, 6);
        expect(integral('effective_prefill_throughput')).toBeCloseTo(inputTokens, 6);
        expect(integral('effective_total_throughput')).toBeCloseTo(inputTokens + laterTokens, 6);
      }),
      { numRuns: 50 },
    );
  });

  test('a block reads only the batches that reach into it', async () => {
    const batches = Array.from({ length: 50 }, (_, batch) =>
      Array.from({ length: 20 }, (_unused, row) => ({
        startNs: batch * 1000 + row * 50,
        endNs: batch * 1000 + row * 50 + 40,
      })),
    );
    const rows = rowsOf(batches);
    const [curves] = await curvesOf(rows, [{ startNs: 0, endNs: 50_000 }], { keptEventsMax: 0, blockEvents: 40 });
    expect(curves?.get('effective_concurrency')?.avg).toBeCloseTo(0.8, 9);
    // One pass to see how many events there are, then three or four blocks' worth of passes over each batch and its neighbours.
    expect(rows.readCount).toBeLessThan(50 * 20);
  });
});
