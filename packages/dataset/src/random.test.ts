import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandomSource } from './random.ts';
import type { RandomStream } from './random.ts';

const take = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);

function meanAndVariance(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

describe('a stream', () => {
  // From an independent implementation of the algorithm, so that a change of the numbers cannot go unseen.
  test.for([
    [0, 'a', [0.6611881030077535, 0.05069574272414157, 0.5895293079625968, 0.5083387452214878]],
    [0, 'b', [0.4036118640416019, 0.018245124092940213, 0.02907476182535207, 0.15173470089324603]],
    [42, 'arrivals', [0.392120657852991, 0.5312915624040109, 0.7175334490305548, 0.9198387656268728]],
  ] as const)('of seed %d named %s gives its known numbers', ([seed, name, expected]) => {
    const stream = createRandomSource(seed).stream(name);
    expect(take(4, () => stream.nextUniform())).toEqual(expected);
  });

  test('is not shifted by draws from another of the same source', () => {
    const source = createRandomSource(5);
    take(10, () => source.stream('other').nextUniform());
    expect(source.stream('a').nextUniform()).toBe(createRandomSource(5).stream('a').nextUniform());
  });

  test('without a seed differs between sources and is shared by name within one', () => {
    const [first, second] = [createRandomSource(undefined), createRandomSource(undefined)];
    expect(first.stream('a').nextUniform()).not.toBe(second.stream('a').nextUniform());
    expect(first.stream('a').nextUniform()).toBe(first.stream('a').nextUniform());
  });

  test('of neighbouring seeds and names is uncorrelated', () => {
    const names = ['a', 'b', 'aa'];
    const streams = [0, 1, 2].flatMap((seed) => names.map((name) => createRandomSource(seed).stream(name)));
    const columns = streams.map((stream) => take(4000, () => stream.nextUniform() - 0.5));
    for (const [i, left] of columns.entries()) {
      for (const right of columns.slice(i + 1)) {
        const products = left.map((value, row) => value * (right[row] ?? 0));
        // Standard deviation of the mean product: (1/12) / sqrt(4000) = 0.0013.
        expect(Math.abs(meanAndVariance(products).mean)).toBeLessThan(0.006);
      }
    }
  });
});

describe('distributions of a stream', () => {
  const SAMPLES = 40_000;
  test.for<[string, (stream: RandomStream) => number, number, number]>([
    ['uniform', (stream) => stream.nextUniform(), 0.5, 1 / 12],
    ['normal', (stream) => stream.nextNormal(), 0, 1],
    ['exponential of rate 4', (stream) => stream.nextExponential(4), 0.25, 1 / 16],
    ['integers below 6', (stream) => stream.nextInt(6), 2.5, 35 / 12],
  ])('%s has the right mean and variance', ([, draw, mean, variance]) => {
    const stream = createRandomSource(11).stream('moments');
    const found = meanAndVariance(take(SAMPLES, () => draw(stream)));
    expect(Math.abs(found.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / SAMPLES));
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.06);
  });

  test('integers are unbiased where a modulo of 32 bits would favour the lower third by half', () => {
    const stream = createRandomSource(3).stream('bias');
    const n = 3 * 2 ** 30;
    const lowest = take(30_000, () => stream.nextInt(n)).filter((value) => value < 2 ** 30).length;
    expect(lowest / 30_000).toBeCloseTo(1 / 3, 1.7);
  });

  test('every draw lies in its range', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
        const stream = createRandomSource(seed).stream('range');
        const uniform = stream.nextUniform();
        const integer = stream.nextInt(n);
        expect(uniform >= 0 && uniform < 1).toBe(true);
        expect(Number.isInteger(integer) && integer >= 0 && integer < n).toBe(true);
        expect(Number.isFinite(stream.nextExponential(1000)) && Number.isFinite(stream.nextNormal())).toBe(true);
      }),
    );
  });

  test.for([7, 1209, 2 ** 21, 2 ** 21 + 1])('integers below %d are spread evenly', (n) => {
    const stream = createRandomSource(n).stream('spread');
    const buckets = new Uint32Array(8);
    for (let draw = 0; draw < 16_000; draw += 1) {
      const bucket = Math.floor((stream.nextInt(n) * 8) / n);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // Chi-squared with 7 degrees of freedom (6 for 7 values in 7 buckets) is above 30 once in 10,000 times.
    const edges = Array.from({ length: 9 }, (_, bucket) => Math.ceil((bucket * n) / 8));
    const terms = Array.from(buckets, (count, bucket) => {
      const expected = (16_000 * ((edges[bucket + 1] ?? 0) - (edges[bucket] ?? 0))) / n;
      return expected === 0 ? count : (count - expected) ** 2 / expected;
    });
    expect(terms.reduce((sum, term) => sum + term, 0)).toBeLessThan(30);
  });

  test.for([0, -1, 1.5, 2 ** 32 + 1, Number.NaN])('nextInt refuses %d', (n) => {
    expect(() => createRandomSource(1).stream('x').nextInt(n)).toThrow('nextInt');
  });
});
