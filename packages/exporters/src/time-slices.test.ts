import type { MetricResult, TimeSlice } from '@aiperf/metrics';
import { describe, expect, test } from 'vitest';
import { renderSlicesCsv, renderSlicesJson } from './time-slices.ts';

const config = { models: ['[m]', 'line\nbreak'] };

function slices(count: number): TimeSlice[] {
  return Array.from({ length: count }, (_, index) => {
    const latency: MetricResult = {
      tag: 'latency',
      header: 'Latency, all',
      unit: 'ms',
      avg: index,
      min: 0,
      p50: 2,
      count: 3,
    };
    const rate: MetricResult = { tag: 'rate', header: 'Rate', unit: 'line\nbreak', avg: 0.5 };
    return {
      startEpochNs: String(1000n + BigInt(index)),
      endEpochNs: String(1001n + BigInt(index)),
      isComplete: index % 2 === 0,
      metrics: [latency, rate],
    };
  });
}

/** As the JSON of one object would be. */
const text = (count: number): string => [...renderSlicesJson(slices(count), config)].join('');

describe('time slices in pieces', () => {
  test.for([0, 1, 2, 64, 65, 200])('%d slices: the JSON is that of one object with an indent of two', (count) => {
    const parsed = JSON.parse(text(count)) as { timeslices: { start_ns: number }[] };
    expect(parsed.timeslices.map(({ start_ns: startNs }) => startNs)).toEqual(
      Array.from({ length: count }, (_, index) => 1000 + index),
    );
    expect(parsed).toMatchObject({ input_config: config });
    // Floats are written as Python does, which JSON.stringify does not: those of this test are of both kinds.
    const lines = text(count)
      .split('\n')
      .map((line) => line.replace(/(\d)\.0(,?)$/u, '$1$2'));
    expect(lines.join('\n')).toBe(JSON.stringify(parsed, null, 2));
  });

  test('no piece is longer for more slices, and the CSV counts them through', () => {
    const longest = (count: number): number =>
      Math.max(
        ...[...renderSlicesCsv(slices(count)), ...renderSlicesJson(slices(count), config)].map((piece) => piece.length),
      );
    expect(longest(640)).toBeLessThanOrEqual(longest(64) * 1.1);
    const lines = [...renderSlicesCsv(slices(130))].join('').split('\r\n');
    expect(lines[0]).toBe('Timeslice,Start_NS,End_NS,Metric,Unit,Stat,Value');
    expect(lines.at(-1)).toBe('');
    expect(lines).toHaveLength(1 + 130 * 4 + 1);
    expect(lines[1]).toBe('0,1000,1001,"Latency, all",ms,avg,0.00');
    expect(lines.findLast((line) => line.includes('Latency'))).toMatch(/^129,1129,1130,/u);
  });
});
