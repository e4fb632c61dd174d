import type { RampConfig } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slotSteps } from './slot-ramp.ts';
import type { SlotStep } from './slot-ramp.ts';

const steps = (
  target: number,
  durationSec: number,
  shape: RampConfig['shape'] = 'linear',
  seed = 1,
): readonly SlotStep[] => slotSteps(target, { durationSec, shape }, createRandomSource(seed).stream('ramp'));

describe('slotSteps', () => {
  test('linear: in steps of one, evenly, from one slot to the target', () => {
    expect(steps(5, 8)).toEqual([
      { atNs: 0, slots: 1 },
      { atNs: 2e9, slots: 2 },
      { atNs: 4e9, slots: 3 },
      { atNs: 6e9, slots: 4 },
      { atNs: 8e9, slots: 5 },
    ]);
  });

  test('exponential: the number doubles in equal times', () => {
    const times = new Map(steps(16, 8, 'exponential').map(({ atNs, slots }) => [slots, atNs]));
    expect([1, 2, 4, 8, 16].map((slots) => times.get(slots))).toEqual([0, 2e9, 4e9, 6e9, 8e9]);
  });

  test('Poisson: random times, the same for the same seed', () => {
    const first = steps(100, 10, 'poisson');
    expect(first).toEqual(steps(100, 10, 'poisson'));
    expect(first).not.toEqual(steps(100, 10, 'poisson', 2));
    expect(first).not.toEqual(steps(100, 10));
    expect(first.at(-1)).toEqual({ atNs: 10e9, slots: 100 });
  });

  test('one slot needs no ramp', () => {
    expect(steps(1, 10)).toEqual([{ atNs: 0, slots: 1 }]);
  });

  test('too many steps for the time are joined', () => {
    const joined = steps(10_000, 1);
    expect(joined.length).toBeLessThanOrEqual(1001);
    expect(joined.length).toBeGreaterThan(900);
    expect(joined.at(-1)).toEqual({ atNs: 1e9, slots: 10_000 });
  });

  test('a ramp of less than a millisecond is one step', () => {
    expect(steps(7, 1e-6)).toEqual([
      { atNs: 0, slots: 1 },
      { atNs: 1e6, slots: 7 },
    ]);
  });

  test('always: upwards, at least 1 ms apart, never above the exact climb, ends on time at the target', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 20_000 }),
        fc.double({ min: 0.002, max: 100, noNaN: true }),
        fc.constantFrom('linear' as const, 'exponential' as const, 'poisson' as const),
        (target, durationSec, shape) => {
          const climb = steps(target, durationSec, shape);
          expect(climb[0]).toEqual({ atNs: 0, slots: 1 });
          expect(climb.at(-1)).toEqual({ atNs: Math.round(durationSec * 1e9), slots: target });
          for (const [index, step] of climb.entries()) {
            const before = climb[index - 1];
            if (before === undefined) continue;
            expect(Number.isInteger(step.atNs)).toBe(true);
            expect(step.atNs - before.atNs).toBeGreaterThanOrEqual(1e6);
            expect(step.slots).toBeGreaterThan(before.slots);
          }
          if (shape !== 'linear') return;
          for (const { atNs, slots } of climb) {
            const exact = 1 + ((target - 1) * atNs) / (durationSec * 1e9);
            expect(slots).toBeLessThanOrEqual(exact + 1e-3);
          }
        },
      ),
      { seed: 4, numRuns: 60 },
    );
  });

  test.for<[string, number, number]>([
    ['no slot', 0, 1],
    ['half a slot', 1.5, 1],
    ['no time', 5, 0],
    ['a time that is no number', 5, Number.NaN],
    ['endless time', 5, Number.POSITIVE_INFINITY],
  ])('refuses %s', ([, target, durationSec]) => {
    expect(() => steps(target, durationSec)).toThrow(expect.objectContaining({ code: 'AIPERF_TIMING_PLAN' }));
  });
});
