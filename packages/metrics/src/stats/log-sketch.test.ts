import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogSketch } from './log-sketch.ts';

describe('LogSketch', () => {
  test('every quantile is within 1 % of the sample at its rank, also after a merge', () => {
    const positive = fc.double({ noNaN: true, min: 1, max: 1e14 });
    fc.assert(
      fc.property(fc.array(positive, { minLength: 1, maxLength: 200 }), fc.nat({ max: 100 }), (values, percent) => {
        const [left, right] = [new LogSketch(), new LogSketch()];
        for (const [index, value] of values.entries()) (index % 2 === 0 ? left : right).add(value);
        left.merge(right.entries());
        const exact = values.toSorted((a, b) => a - b)[Math.floor(((values.length - 1) * percent) / 100)] ?? Number.NaN;
        expect(Math.abs(left.percentile(percent) - exact)).toBeLessThanOrEqual(exact * 0.01);
      }),
    );
  });

  test('zero is a value, and an empty sketch has no quantile', () => {
    const sketch = new LogSketch();
    expect(sketch.percentile(50)).toBeNaN();
    sketch.add(0);
    expect(sketch.percentile(50)).toBe(0);
    expect(sketch.count).toBe(1);
  });

  test('size follows the range, not the number of values', () => {
    const sketch = new LogSketch();
    for (let index = 0; index < 100_000; index++) sketch.add(1e6 * (1 + (index % 1000)));
    expect(sketch.entries().length).toBeLessThan(400);
    expect(sketch.count).toBe(100_000);
  });
});
