import { expect, test } from 'vitest';
import { createTestTrace } from './index.ts';

test('a generated trace is sorted, has bursts, keeps its rate and says as many hash ids as blocks', () => {
  const options = { seed: 1, requestCount: 12_000, requestRatePerSec: 200, burstRatio: 0.3, burstSize: 10 };
  const records = [...createTestTrace(options)];
  const times = records.map(({ timestamp }) => timestamp);
  expect(records).toHaveLength(12_000);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBe(0);
  // 60 s on average; groups of up to 10 at a time spread it by some per cent.
  expect(Math.abs((times.at(-1) ?? 0) / 60_000 - 1)).toBeLessThan(0.15);
  const perInstant = new Map<number, number>();
  for (const time of times) perInstant.set(time, (perInstant.get(time) ?? 0) + 1);
  const inBursts = [...perInstant.values()].filter((count) => count >= 10).reduce((sum, count) => sum + count, 0);
  expect(inBursts / 12_000).toBeGreaterThan(0.25);
  expect(inBursts / 12_000).toBeLessThan(0.45);
  for (const { input_length, output_length, hash_ids } of records) {
    expect(hash_ids).toHaveLength(Math.ceil(input_length / 512));
    expect(output_length).toBeGreaterThanOrEqual(1);
  }
  const firstIds = new Set(records.map(({ hash_ids: [first] }) => first));
  expect(firstIds.size).toBeLessThan(9000);
  expect([...createTestTrace(options)]).toEqual(records);
});
