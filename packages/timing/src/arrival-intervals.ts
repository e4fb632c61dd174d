import type { ArrivalPattern } from '@aiperf/config';
import { TimingError } from './timing-error.ts';

/** The part of a seeded random stream that arrivals need. */
export interface ExponentialSource {
  /** Seconds, exponentially distributed with mean `1 / ratePerSec`. */
  nextExponential(ratePerSec: number): number;
}

/**
 * Due time of request `k` (0-based) at a constant rate: `k / rate`, in integer nanoseconds since the phase began. Computed from `k`
 * alone, so that roundings do not add up: the million-th request is as exact as the first.
 */
export function constantDueNs(k: number, ratePerSec: number): number {
  return Math.round((k * 1e9) / ratePerSec);
}

/**
 * Due times of successive requests, in integer nanoseconds since the phase began, without an end. Constant: the first at once. Poisson:
 * every request, the first too, comes an exponential gap after the one before.
 */
export function arrivalTimes(
  pattern: ArrivalPattern,
  ratePerSec: number,
  random: ExponentialSource,
): Iterator<number, never> {
  if (!(ratePerSec > 0) || !Number.isFinite(ratePerSec)) {
    throw new TimingError(
      'AIPERF_TIMING_RATE',
      `--request-rate must be a number of requests per second above 0, not ${ratePerSec}`,
    );
  }
  switch (pattern) {
    case 'constant':
      return constantArrivals(ratePerSec);
    case 'poisson':
      return poissonArrivals(ratePerSec, random);
    case 'gamma':
    case 'concurrency_burst':
      throw new TimingError('AIPERF_TIMING_RATE', `no arrival times for ${pattern}`);
  }
}

function* constantArrivals(ratePerSec: number): Generator<number, never> {
  for (let k = 0; ; k += 1) yield constantDueNs(k, ratePerSec);
}

function* poissonArrivals(ratePerSec: number, random: ExponentialSource): Generator<number, never> {
  // Summed unrounded: rounding each gap would shift the rate.
  let timeNs = 0;
  for (;;) {
    timeNs += random.nextExponential(ratePerSec) * 1e9;
    yield Math.round(timeNs);
  }
}
