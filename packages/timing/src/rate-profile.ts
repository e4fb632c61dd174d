import type { PhaseConfig, RampConfig, RatePoint } from '@aiperf/config';
import type { RandomStream } from '@aiperf/dataset';
import { TimingError } from './timing-error.ts';

/** The part of a phase that says how its rate moves. */
export type RateOptions = Pick<PhaseConfig, 'requestRatePerSec' | 'requestRateSeries' | 'requestRateRamp'>;

/** A request rate over time, since the phase began. The rate is above 0 everywhere, so both functions are each other's inverse. */
export interface RateProfile {
  /** Requests that are expected up to `timeSec`. */
  countAt(timeSec: number): number;
  /** When `count` requests are expected to have come, in seconds; `count` need not be whole. */
  timeSecOf(count: number): number;
}

/** A rate ramp begins at the rate that one update interval of this length would have added: target x 0.1 s / duration. */
const RAMP_UPDATE_SEC = 0.1;

/** One stretch of a profile, with its own time `x` from its beginning. */
interface Segment {
  readonly startSec: number;
  /** Requests expected before the stretch. */
  readonly startCount: number;
  countAt(x: number): number;
  xOf(count: number): number;
}

/** The rate of a phase. Draws from `random` for a ramp of Poisson shape only. */
export function createRateProfile(phase: RateOptions, random: RandomStream): RateProfile {
  const { requestRatePerSec, requestRateSeries, requestRateRamp } = phase;
  if (requestRateSeries !== undefined) {
    if (requestRateRamp !== undefined) {
      throw new TimingError(
        'AIPERF_TIMING_PLAN',
        '--request-rate-ramp-duration needs one rate to climb to; with --request-rate-series, put the climb into the series',
      );
    }
    return joinSegments(seriesSegments(requestRateSeries));
  }
  const ratePerSec = checkedRate(requestRatePerSec ?? Number.NaN, '--request-rate');
  if (requestRateRamp !== undefined) return joinSegments(rampSegments(ratePerSec, requestRateRamp, random));
  // Apart from the general form, because k / rate is then rounded once.
  return { countAt: (timeSec) => timeSec * ratePerSec, timeSecOf: (count) => count / ratePerSec };
}

function checkedRate(ratePerSec: number, option: string): number {
  if (ratePerSec > 0 && Number.isFinite(ratePerSec)) return ratePerSec;
  throw new TimingError(
    'AIPERF_TIMING_RATE',
    `${option} must be a number of requests per second above 0, not ${ratePerSec}`,
  );
}

function seriesSegments(points: readonly RatePoint[]): Segment[] {
  const option = '--request-rate-series';
  const segments: Segment[] = [];
  let count = 0;
  let previous: RatePoint | undefined;
  for (const [index, point] of points.entries()) {
    checkedRate(point.ratePerSec, `${option}: the rate of point ${index + 1}`);
    if (!Number.isFinite(point.timeSec) || point.timeSec < 0 || !(point.timeSec > (previous?.timeSec ?? -1))) {
      throw new TimingError(
        'AIPERF_TIMING_RATE',
        `${option}: the time of point ${index + 1} must be at least 0 and after the point before it, not ${point.timeSec} s`,
      );
    }
    // Before the first point its rate holds.
    const from = previous ?? { timeSec: 0, ratePerSec: point.ratePerSec };
    const lengthSec = point.timeSec - from.timeSec;
    if (lengthSec > 0) {
      const segment = linearSegment(from.timeSec, count, from.ratePerSec, point.ratePerSec, lengthSec);
      segments.push(segment);
      count += segment.countAt(lengthSec);
    }
    previous = point;
  }
  if (previous === undefined || points.length < 2) {
    throw new TimingError('AIPERF_TIMING_RATE', `${option} needs at least two points, not ${points.length}`);
  }
  segments.push(constantSegment(previous.timeSec, count, previous.ratePerSec));
  return segments;
}

function rampSegments(targetPerSec: number, { durationSec, shape }: RampConfig, random: RandomStream): Segment[] {
  if (!(durationSec > 0) || !Number.isFinite(durationSec)) {
    throw new TimingError('AIPERF_TIMING_RATE', `a ramp must last longer than 0 s, not ${durationSec} s`);
  }
  const startPerSec = targetPerSec * Math.min(1, RAMP_UPDATE_SEC / durationSec);
  switch (shape) {
    case 'linear': {
      const climb = linearSegment(0, 0, startPerSec, targetPerSec, durationSec);
      return [climb, constantSegment(durationSec, climb.countAt(durationSec), targetPerSec)];
    }
    case 'exponential': {
      const climb = exponentialSegment(startPerSec, targetPerSec, durationSec);
      return [climb, constantSegment(durationSec, climb.countAt(durationSec), targetPerSec)];
    }
    case 'poisson': {
      // As many equal raises as the linear climb has updates, at the times of a Poisson process that is known to end with the ramp.
      const stepCount = Math.max(1, Math.ceil(durationSec / RAMP_UPDATE_SEC));
      const timesSec = randomStepTimes(stepCount - 1, random).map((share) => share * durationSec);
      const segments: Segment[] = [];
      let count = 0;
      let startSec = 0;
      for (let step = 1; step <= stepCount; step += 1) {
        const segment = constantSegment(startSec, count, (targetPerSec * step) / stepCount);
        const endSec = timesSec[step - 1] ?? startSec;
        segments.push(segment);
        count += segment.countAt(endSec - startSec);
        startSec = endSec;
      }
      return segments;
    }
  }
}

/** `count` times in (0, 1], ascending, with the gaps of a Poisson process whose last event falls on 1. */
export function randomStepTimes(count: number, random: RandomStream): number[] {
  let sum = 0;
  const sums = Array.from({ length: count }, () => (sum += random.nextExponential(1)));
  return sums.map((time) => time / sum);
}

function constantSegment(startSec: number, startCount: number, ratePerSec: number): Segment {
  return { startSec, startCount, countAt: (x) => x * ratePerSec, xOf: (count) => count / ratePerSec };
}

function linearSegment(
  startSec: number,
  startCount: number,
  fromPerSec: number,
  toPerSec: number,
  lengthSec: number,
): Segment {
  const slope = (toPerSec - fromPerSec) / lengthSec;
  return {
    startSec,
    startCount,
    countAt: (x) => fromPerSec * x + (slope / 2) * x * x,
    // The root of the quadratic in the form that does not cancel when the slope is small.
    xOf: (count) => (2 * count) / (fromPerSec + Math.sqrt(Math.max(0, fromPerSec * fromPerSec + 2 * slope * count))),
  };
}

/** The rate grows by the same factor in equal times. */
function exponentialSegment(fromPerSec: number, toPerSec: number, lengthSec: number): Segment {
  const growth = Math.log(toPerSec / fromPerSec) / lengthSec;
  if (growth === 0) return constantSegment(0, 0, fromPerSec);
  return {
    startSec: 0,
    startCount: 0,
    countAt: (x) => (fromPerSec * Math.expm1(growth * x)) / growth,
    xOf: (count) => Math.log1p((growth * count) / fromPerSec) / growth,
  };
}

/** Segments in the order of their times; the last one has no end. */
function joinSegments(segments: readonly Segment[]): RateProfile {
  const at = (isReached: (segment: Segment) => boolean): Segment => {
    let low = 0;
    let high = segments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const candidate = segments[middle];
      if (candidate !== undefined && isReached(candidate)) low = middle;
      else high = middle - 1;
    }
    const found = segments[low];
    if (found === undefined) throw new TimingError('AIPERF_TIMING_RATE', 'a rate without any point in time');
    return found;
  };
  return {
    countAt(timeSec) {
      const segment = at(({ startSec }) => startSec <= timeSec);
      return segment.startCount + segment.countAt(timeSec - segment.startSec);
    },
    timeSecOf(count) {
      const segment = at(({ startCount }) => startCount <= count);
      return segment.startSec + segment.xOf(count - segment.startCount);
    },
  };
}
