import { readFileSync } from 'node:fs';
import type { RatePoint } from './phase-config.ts';

/** A rate over time, or what is wrong with it as a phrase that continues "found …". */
export type RateSeriesResult = { readonly points: readonly RatePoint[] } | { readonly found: string };

/** What {@link toRateSeries} accepts, for messages. */
export const EXPECTED_RATE_SERIES =
  'a list of at least two points such as {"time_s": 0, "qps": 10}, with times from 0 that grow and rates above 0';

function toPoint(value: unknown): RatePoint | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { time_s: timeSec, qps: ratePerSec } = value as Readonly<Record<string, unknown>>;
  const isPoint =
    typeof timeSec === 'number' &&
    typeof ratePerSec === 'number' &&
    Number.isFinite(timeSec) &&
    Number.isFinite(ratePerSec) &&
    timeSec >= 0 &&
    ratePerSec > 0;
  return isPoint ? { timeSec, ratePerSec } : undefined;
}

/** Checks the points of a series. */
export function toRateSeries(value: unknown): RateSeriesResult {
  if (!Array.isArray(value)) return { found: 'something else than a list' };
  const points: RatePoint[] = [];
  for (const [index, item] of value.entries()) {
    const point = toPoint(item);
    if (point === undefined) return { found: `point ${index + 1} as ${JSON.stringify(item)?.slice(0, 80)}` };
    const before = points.at(-1);
    if (before !== undefined && point.timeSec <= before.timeSec) {
      return { found: `point ${index + 1} at ${point.timeSec} s, which is not after ${before.timeSec} s` };
    }
    points.push(point);
  }
  return points.length < 2 ? { found: `${points.length} of them` } : { points };
}

/** Reads a series from a JSON file. */
export function readRateSeries(path: string): RateSeriesResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return {
      found: `a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}): ${path}`,
    };
  }
  try {
    const value: unknown = JSON.parse(text);
    return toRateSeries(value);
  } catch {
    // The parser's message quotes the text, which may be any file at all.
    return { found: `a file that is no JSON: ${path}` };
  }
}
