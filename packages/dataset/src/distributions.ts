import assert from 'node:assert';
import type { RandomStream } from './random.ts';

/** Draws after which a length that stays below 1 becomes 1: only reached when hardly any of the distribution lies above. */
const REDRAW_LIMIT = 1000;

/**
 * A time from a normal distribution, drawn again while it is below 0. With a stddev of 0 it is the mean and draws nothing; the mean of what
 * comes out is higher than the one asked for where the cut-off tail matters.
 */
export function drawDurationMs(random: RandomStream, meanMs: number, stddevMs: number): number {
  assert(
    meanMs >= 0 && stddevMs >= 0 && Number.isFinite(meanMs + stddevMs),
    `time: mean ${meanMs}, stddev ${stddevMs}`,
  );
  if (stddevMs === 0) return meanMs;
  for (let draw = 0; draw < REDRAW_LIMIT; draw += 1) {
    const durationMs = meanMs + stddevMs * random.nextNormal();
    if (durationMs >= 0) return durationMs;
  }
  return 0;
}

/**
 * A length in tokens from a normal distribution, rounded to the nearest integer and drawn again while it is below 1.
 *
 * With a stddev of 0 it is the rounded mean and draws nothing. Drawing again cuts the lower tail off, so the mean of what comes out is the
 * mean asked for (within 0.1 %) only while it is at least three standard deviations above 0; with less it is higher.
 */
export function drawPositiveLength(random: RandomStream, mean: number, stddev: number): number {
  assert(Number.isFinite(mean) && Number.isFinite(stddev) && stddev >= 0, `length: mean ${mean}, stddev ${stddev}`);
  if (stddev === 0) return Math.max(1, Math.round(mean));
  for (let draw = 0; draw < REDRAW_LIMIT; draw += 1) {
    const length = Math.round(mean + stddev * random.nextNormal());
    if (length >= 1) return length;
  }
  return 1;
}
