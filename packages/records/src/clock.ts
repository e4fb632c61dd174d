/** Both clocks read in one moment, decimal strings of nanoseconds: it travels as JSON to every process of a run. */
export interface ClockOrigin {
  readonly monotonicNs: string;
  readonly epochNs: string;
}

declare const monotonicNsBrand: unique symbol;
declare const epochNsBrand: unique symbol;

/** Integer nanoseconds since the run's origin on `CLOCK_MONOTONIC`; exact as a double for 104 days. */
export type MonotonicNs = number & { readonly [monotonicNsBrand]: true };
/** Integer nanoseconds since the Unix epoch. */
export type EpochNs = bigint & { readonly [epochNsBrand]: true };

const CALIBRATION_TRIES = 50;

/** Reads the run's monotonic time and turns it into wall time when it is written. */
export interface Clock {
  readonly origin: ClockOrigin;
  /** Time since the run's origin. Costs about 50 ns. */
  now(): MonotonicNs;
  /** Wall time of a monotonic stamp, from the run's one anchor. */
  toEpoch(time: MonotonicNs): EpochNs;
}

/** Reads both clocks once. Only the controller calls this; every other process of the run is handed the result. */
export function createClockOrigin(): ClockOrigin {
  // The wall clock is read between two monotonic readings, so that the anchor's error is half their distance (some 100 ns).
  const before = process.hrtime.bigint();
  const epochMs = performance.timeOrigin + performance.now();
  const after = process.hrtime.bigint();
  return {
    monotonicNs: ((before + after) / 2n).toString(),
    epochNs: BigInt(Math.round(epochMs * 1e6)).toString(),
  };
}

/**
 * Run time at which this thread's `performance.now()` was 0. Each try bounds it from both sides; what all tries allow is some 10 ns wide.
 */
function offsetOfPerformanceClock(monotonicOriginNs: bigint): number {
  let atLeast = Number.NEGATIVE_INFINITY;
  let atMost = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < CALIBRATION_TRIES; attempt += 1) {
    const before = process.hrtime.bigint();
    const performanceNs = performance.now() * 1e6;
    const after = process.hrtime.bigint();
    atLeast = Math.max(atLeast, Number(before - monotonicOriginNs) - performanceNs);
    atMost = Math.min(atMost, Number(after - monotonicOriginNs) - performanceNs);
  }
  return (atLeast + atMost) / 2;
}

/** The clock of one process of a run. Monotonic readings are comparable between processes of one host. */
export function createClock(origin: ClockOrigin = createClockOrigin()): Clock {
  const epochOriginNs = BigInt(origin.epochNs);
  // The same clock as `process.hrtime`, but a reading leaves no garbage; what it counts from differs by thread.
  const readMs = performance.now.bind(performance);
  const offsetNs = offsetOfPerformanceClock(BigInt(origin.monotonicNs));
  return {
    origin,
    now: () => Math.round(readMs() * 1e6 + offsetNs) as MonotonicNs,
    toEpoch: (time) => (epochOriginNs + BigInt(Math.round(time))) as EpochNs,
  };
}
