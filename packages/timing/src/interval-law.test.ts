import { describe, expect, test } from 'vitest';
import { intervalLaw, ksDistance } from './interval-law.ts';

/** `scipy.stats.gamma.cdf(x, a=shape, scale=1/shape)`, and by hand: Erlang laws are sums of exponentials. */
describe('intervalLaw', () => {
  test.for<[string, number, number, number]>([
    ['shape 1 is exponential', 1, 0.7, 1 - Math.exp(-0.7)],
    ['shape 2', 2, 0.5, 1 - Math.exp(-1) * 2],
    ['shape 2, in the tail', 2, 4, 1 - Math.exp(-8) * 9],
    ['shape 3', 3, 1, 1 - Math.exp(-3) * (1 + 3 + 4.5)],
    ['shape 1/2 is a squared normal', 0.5, 1, 0.682689492137086],
    ['shape 1/2, two standard deviations', 0.5, 4, 0.954499736103642],
  ])('gamma: %s', ([, smoothness, x, expected]) => {
    expect(intervalLaw('gamma', smoothness)?.(x)).toBeCloseTo(expected, 12);
  });

  test('shape 1 of gamma is Poisson, and both begin at 0 and end at 1', () => {
    const gamma = intervalLaw('gamma', 1);
    const poisson = intervalLaw('poisson', 1);
    for (const x of [-1, 0, 1e-9, 0.1, 1, 1.99, 2, 5, 30, 800]) expect(gamma?.(x)).toBeCloseTo(poisson?.(x) ?? -1, 12);
    expect([poisson?.(0), poisson?.(800)]).toEqual([0, 1]);
  });

  test('there is none where intervals are not random', () => {
    expect([intervalLaw('constant', 1), intervalLaw('concurrency_burst', 1)]).toEqual([undefined, undefined]);
  });
});

describe('ksDistance', () => {
  const uniform = (x: number): number => Math.min(1, Math.max(0, x));

  test.for<[string, number[], number]>([
    ['one value in the middle', [0.5], 0.5],
    ['the quantiles of the law are as near as a sample can be', [0.1, 0.3, 0.5, 0.7, 0.9], 0.1],
    ['in any order', [0.9, 0.3, 0.5, 0.1, 0.7], 0.1],
    ['all at one place', [0, 0, 0], 1],
    ['a gap below a value', [0.6, 0.8, 1], 0.6],
  ])('%s', ([, values, expected]) => {
    expect(ksDistance(values, uniform)).toBeCloseTo(expected, 12);
  });
});
