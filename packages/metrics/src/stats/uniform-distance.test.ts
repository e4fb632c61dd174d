import { createRandomSource } from '@aiperf/dataset';
import { describe, expect, test } from 'vitest';
import { ksCriticalValue, UniformDistance } from './uniform-distance.ts';

function distanceOf(values: Iterable<number>): number {
  const distance = new UniformDistance();
  for (const value of values) distance.add(value);
  return distance.distance();
}

describe('UniformDistance', () => {
  test.for([
    ['one value in the middle', [0.5], 0.5],
    ['all at one end', [0, 0, 0, 0], 1],
    ['as even as can be', [0.125, 0.375, 0.625, 0.875], 0.125],
    ['a law that ends at the half', [0.1, 0.2, 0.3, 0.4, 0.5], 0.5],
    ['values beyond the ends count as the ends', [-1, 2], 0.5],
  ] as const)('%s', ([, values, expected]) => {
    expect(distanceOf(values)).toBeCloseTo(expected, 12);
  });

  test('uniform samples stay below the 1 % critical value in about 99 of 100 cases, others do not', () => {
    let above = 0;
    const random = createRandomSource(5).stream('ks');
    for (let trial = 0; trial < 1000; trial++) {
      const sample = Array.from({ length: 200 }, () => random.nextUniform());
      if (distanceOf(sample) > ksCriticalValue(200)) above++;
    }
    expect(above).toBeGreaterThan(0);
    expect(above).toBeLessThan(25);
    expect(distanceOf(Array.from({ length: 200 }, () => random.nextUniform() ** 1.5))).toBeGreaterThan(
      ksCriticalValue(200),
    );
  });

  test('beyond two million values it is counted in bins, to a millionth', () => {
    const count = 2 ** 21 + 1000;
    function* squares(): Generator<number> {
      for (let index = 0; index < count; index++) yield ((index + 0.5) / count) ** 2;
    }
    // F(x) = sqrt(x), furthest from x at 1/4.
    expect(distanceOf(squares())).toBeCloseTo(0.25, 5);
  });

  test('nothing has no distance', () => {
    expect(distanceOf([])).toBeNaN();
  });
});
