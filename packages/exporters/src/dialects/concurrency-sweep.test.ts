import { array, assert as assertProperty, asyncProperty, nat, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { madeRun } from '../testing/dialect-run.ts';
import { sweepIntervals } from './concurrency-sweep.ts';
import { DialectRequests } from './dialect-requests.ts';
import { concurrencyOverTime } from './guidellm-samples.ts';

async function sweep(
  intervals: readonly (readonly [number, number])[],
  blockEvents?: number,
): Promise<[number, number][]> {
  await using run = await madeRun(intervals.map(([startMs, endMs]) => ({ startMs, endMs })));
  const events: [number, number][] = [];
  await sweepIntervals(
    new DialectRequests(run.records, run.origin),
    ({ startNs, endNs }) => ({ startNs, endNs }),
    (timeNs, change) => void events.push([timeNs / 1e6, change]),
    blockEvents,
  );
  return events;
}

describe('sweepIntervals', () => {
  test('in the order of time, ends before beginnings of the same moment', async () => {
    expect(
      await sweep([
        [5, 9],
        [1, 5],
        [5, 6],
      ]),
    ).toEqual([
      [1, 1],
      [5, -1],
      [5, 1],
      [5, 1],
      [6, -1],
      [9, -1],
    ]);
    expect(await sweep([])).toEqual([]);
  });

  test('whatever the size of a block, the same', async () => {
    await assertProperty(
      asyncProperty(
        array(record({ start: nat(50), length: nat(20) }), { minLength: 1, maxLength: 12 }),
        async (requests) => {
          const intervals = requests.map(({ start, length }) => [start, start + length + 1] as const);
          const expected = intervals
            .flatMap(([start, end]): [number, number][] => [
              [start, 1],
              [end, -1],
            ])
            .sort(([a, x], [b, y]) => a - b || x - y);
          expect(await sweep(intervals)).toEqual(expected);
          expect(await sweep(intervals, 3)).toEqual(expected);
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });
});

describe('concurrencyOverTime', () => {
  test('moments within 0.1 ms are the first of them', async () => {
    // Levels: 1 until 10, 2 until 30; the end at 30.05 counts at 30, the start at 10.08 at 10; then 0 until 40.
    await using run = await madeRun([
      { startMs: 0, endMs: 30 },
      { startMs: 10, endMs: 10.02 },
      { startMs: 10.08, endMs: 30.05 },
    ]);
    const { mean, median } = await concurrencyOverTime(new DialectRequests(run.records, run.origin), 40e6);
    expect(mean).toBe((10 * 1 + 20 * 2) / 40);
    expect(median).toBe(1);
  });
});
