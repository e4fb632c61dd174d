import type { FixedScheduleConfig } from '@aiperf/config';
import { describe, expect, test } from 'vitest';
import { planFixedSchedule } from './fixed-schedule.ts';
import type { FixedScheduleEntry } from './fixed-schedule.ts';

/** Conversations 0, 1, 2 … at these milliseconds. */
const recording = (...timesMs: number[]): FixedScheduleEntry[] =>
  timesMs.map((timeMs, conversationIndex) => ({ conversationIndex, timestampNs: timeMs * 1e6 }));

const raw: FixedScheduleConfig = { autoOffset: false };

describe('planFixedSchedule', () => {
  test.for<[string, number[], FixedScheduleConfig, [number, number][]]>([
    [
      'as recorded',
      [100, 250, 900],
      raw,
      [
        [0, 100],
        [1, 250],
        [2, 900],
      ],
    ],
    [
      'the first time is the beginning',
      [100, 250],
      { autoOffset: true },
      [
        [0, 0],
        [1, 150],
      ],
    ],
    [
      'several at one instant keep their order, sorted or not',
      [5, 7, 5, 7, 5],
      raw,
      [
        [0, 5],
        [2, 5],
        [4, 5],
        [1, 7],
        [3, 7],
      ],
    ],
    [
      'a window includes both its ends and begins at its start',
      [100, 200, 300, 400, 500],
      { autoOffset: false, startOffsetMs: 200, endOffsetMs: 400 },
      [
        [1, 0],
        [2, 100],
        [3, 200],
      ],
    ],
    [
      'a window begins at its start even where nothing happens',
      [100, 250],
      { autoOffset: false, startOffsetMs: 200 },
      [[1, 50]],
    ],
    ['only an end', [100, 250], { autoOffset: true, endOffsetMs: 200 }, [[0, 0]]],
    [
      'fractions of a millisecond',
      [0.25, 0.5],
      raw,
      [
        [0, 0.25],
        [1, 0.5],
      ],
    ],
  ])('%s', ([, timesMs, config, expected]) => {
    const plan = planFixedSchedule(recording(...timesMs), config);
    expect(plan.entries).toEqual(
      expected.map(([conversationIndex, atMs]) => ({ conversationIndex, atNs: atMs * 1e6 })),
    );
    expect(plan.leftOutCount).toBe(timesMs.length - expected.length);
    for (const { conversationIndex, atNs } of plan.entries) {
      expect(atNs).toBe((timesMs[conversationIndex] ?? Number.NaN) * 1e6 - plan.zeroNs);
    }
  });

  test('a recording out of order is sorted, and said to be', () => {
    expect(planFixedSchedule(recording(1, 2, 2, 3), raw).warnings).toEqual([]);
    const plan = planFixedSchedule(recording(1, 5, 3, 4), raw);
    expect(plan.entries.map(({ conversationIndex }) => conversationIndex)).toEqual([0, 2, 3, 1]);
    expect(plan.warnings).toEqual([expect.stringContaining('first at entry 3')]);
  });

  test.for<[string, FixedScheduleEntry[], FixedScheduleConfig, number | undefined, string]>([
    ['an empty schedule', [], raw, undefined, 'empty'],
    ['a negative time', recording(0, 4, -1), raw, undefined, 'entry 3'],
    ['a time that is no number', recording(0, Number.NaN), raw, undefined, 'entry 2'],
    ['endless time', recording(Number.POSITIVE_INFINITY), raw, undefined, 'entry 1'],
    ['a bad time outside the window', recording(0, 5, -1), { autoOffset: false, endOffsetMs: 3 }, undefined, 'entry 3'],
    ['an empty window', recording(5, 9), { autoOffset: false, startOffsetMs: 10 }, undefined, 'from 5 to 9 ms'],
    ['a schedule longer than the run', recording(0, 3000), raw, 3, '--benchmark-duration'],
  ])('refuses %s', ([, entries, config, durationSec, part]) => {
    expect(() => planFixedSchedule(entries, config, durationSec)).toThrow(
      expect.objectContaining({ code: 'AIPERF_TIMING_SCHEDULE', message: expect.stringContaining(part) }),
    );
  });

  test('a schedule that fits the run after its offset is taken', () => {
    expect(planFixedSchedule(recording(5000, 7999), { autoOffset: true }, 3).entries).toHaveLength(2);
  });
});
