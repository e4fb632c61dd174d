import type { MetricUnit } from '@aiperf/metrics';
import { expect, test } from 'vitest';
import { displayDivisor } from './display-units.ts';

test.for<[MetricUnit, MetricUnit, number]>([
  ['ns', 'ms', 1e6],
  ['ns', 'sec', 1e9],
  ['ms', 'ns', 1e-6],
  ['B', 'KB', 1024],
  ['tokens', 'tokens', 1],
])('%s shown in %s is divided by %d', ([unit, displayUnit, divisor]) => {
  expect(displayDivisor({ unit, displayUnit })).toBe(divisor);
});

test('without a display unit the value stays', () => {
  expect(displayDivisor({ unit: 'ns' })).toBe(1);
});

test('units of different kinds do not convert', () => {
  expect(() => displayDivisor({ unit: 'ns', displayUnit: 'KB' })).toThrow('ns cannot be shown in KB');
});
