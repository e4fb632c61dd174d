import type { ClockOrigin } from '@aiperf/config';

declare const monotonicNsBrand: unique symbol;
declare const epochNsBrand: unique symbol;

/** Integer nanoseconds since the run's origin on `CLOCK_MONOTONIC`; exact as a double for 104 days. */
export type MonotonicNs = number & { readonly [monotonicNsBrand]: true };
/** Integer nanoseconds since the Unix epoch. */
export type EpochNs = bigint & { readonly [epochNsBrand]: true };

/** Reads the run's monotonic time and turns it into wall time when it is written. */
export interface Clock {
  readonly origin: ClockOrigin;
  /** Time since the run's origin. Costs about 60 ns. */
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

/** The clock of one process of a run. Monotonic readings are comparable between processes of one host. */
export function createClock(origin: ClockOrigin = createClockOrigin()): Clock {
  const monotonicOriginNs = BigInt(origin.monotonicNs);
  const epochOriginNs = BigInt(origin.epochNs);
  return {
    origin,
    now: () => Number(process.hrtime.bigint() - monotonicOriginNs) as MonotonicNs,
    toEpoch: (time) => (epochOriginNs + BigInt(Math.round(time))) as EpochNs,
  };
}
