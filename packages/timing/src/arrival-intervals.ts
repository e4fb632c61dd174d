import type { PhaseConfig } from '@aiperf/config';
import type { RandomStream } from '@aiperf/dataset';
import { createRateProfile } from './rate-profile.ts';
import { TimingError } from './timing-error.ts';

/** The part of a phase that says when its requests come. */
export type ArrivalOptions = Pick<
  PhaseConfig,
  'arrivalPattern' | 'arrivalSmoothness' | 'requestRatePerSec' | 'requestRateSeries' | 'requestRateRamp'
>;

/**
 * Due time of request `k` (0-based) at a constant rate: `k / rate`, in integer nanoseconds since the phase began. Computed from `k`
 * alone, so that roundings do not add up: the million-th request is as exact as the first.
 */
export function constantDueNs(k: number, ratePerSec: number): number {
  return Math.round((k * 1e9) / ratePerSec);
}

/**
 * Due times of successive requests, in integer nanoseconds since the phase began, without an end. A pure function of the phase and of the
 * numbers that `random` gives; the options are checked at once, before the first time is asked for.
 *
 * The pattern makes arrivals at unit rate, S_0 <= S_1 <= …: constant 0, 1, 2, …; Poisson and gamma the sums of gaps with mean 1, the first
 * request after a gap as well. A rate that changes with time is a change of time: request k comes when the rate's integral reaches S_k.
 */
export function arrivalTimes(phase: ArrivalOptions, random: RandomStream): Iterator<number, never> {
  const { arrivalPattern, requestRatePerSec } = phase;
  if (arrivalPattern === 'concurrency_burst') return burstArrivals();
  const isEven = phase.requestRateSeries === undefined && phase.requestRateRamp === undefined;
  const profile = createRateProfile(phase, random);
  switch (arrivalPattern) {
    case 'constant':
      return isEven && requestRatePerSec !== undefined
        ? constantArrivals((k) => constantDueNs(k, requestRatePerSec))
        : constantArrivals((k) => Math.round(profile.timeSecOf(k) * 1e9));
    case 'poisson':
      return randomArrivals(
        () => random.nextExponential(1),
        (sum) => profile.timeSecOf(sum),
      );
    case 'gamma': {
      const shape = phase.arrivalSmoothness ?? 1;
      if (!(shape > 0) || !Number.isFinite(shape)) {
        throw new TimingError('AIPERF_TIMING_RATE', `--arrival-smoothness must be a number above 0, not ${shape}`);
      }
      return randomArrivals(
        () => nextGamma(shape, random) / shape,
        (sum) => profile.timeSecOf(sum),
      );
    }
  }
}

/** Everything at once; slots are what holds requests back. */
function* burstArrivals(): Generator<number, never> {
  for (;;) yield 0;
}

function* constantArrivals(dueNsOf: (k: number) => number): Generator<number, never> {
  for (let k = 0; ; k += 1) yield dueNsOf(k);
}

function* randomArrivals(nextGap: () => number, timeSecOf: (sum: number) => number): Generator<number, never> {
  // Summed unrounded: rounding each gap would shift the rate.
  let sum = 0;
  for (;;) {
    sum += nextGap();
    yield Math.round(timeSecOf(sum) * 1e9);
  }
}

/**
 * Gamma with this shape and scale 1, by rejection from a cubed normal (Marsaglia and Tsang 2000); below shape 1 a draw of shape + 1 is
 * scaled down by a power of a uniform.
 */
export function nextGamma(shape: number, random: Pick<RandomStream, 'nextNormal' | 'nextUniform'>): number {
  const boostedShape = shape < 1 ? shape + 1 : shape;
  const d = boostedShape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.nextNormal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    // 1 - u lies in (0, 1], so that its logarithm is finite.
    const u = 1 - random.nextUniform();
    if (Math.log(u) >= 0.5 * x * x + d * (1 - v + Math.log(v))) continue;
    return shape < 1 ? d * v * (1 - random.nextUniform()) ** (1 / shape) : d * v;
  }
}
