import { percentileOfSorted, PERCENTILES } from './percentile.ts';
import { CompensatedSum } from './sum.ts';

/** Statistics of one sample, all in the sample's unit. */
export interface Summary {
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  /** Population standard deviation (no Bessel correction). */
  readonly std: number;
  readonly count: number;
  readonly p1: number;
  readonly p5: number;
  readonly p10: number;
  readonly p25: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
}

/** What a summary is put together from, however it was found. */
export interface SummaryParts {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly std: number;
  /** One per entry of {@link PERCENTILES}. */
  readonly percentiles: readonly number[];
}

/** Names the parts. */
export function toSummary(parts: SummaryParts): Summary {
  const at = (percent: (typeof PERCENTILES)[number]): number =>
    parts.percentiles[PERCENTILES.indexOf(percent)] ?? Number.NaN;
  return {
    avg: parts.sum / parts.count,
    min: parts.min,
    max: parts.max,
    sum: parts.sum,
    std: parts.std,
    count: parts.count,
    p1: at(1),
    p5: at(5),
    p10: at(10),
    p25: at(25),
    p50: at(50),
    p75: at(75),
    p90: at(90),
    p95: at(95),
    p99: at(99),
  };
}

/**
 * Exact statistics of a sample. The array is sorted in place, which saves a copy of a large column; pass a copy to keep the order.
 * Entries must be numbers other than NaN: the caller leaves absent values out. `undefined` for an empty sample.
 */
export function summarize(values: Float64Array): Summary | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  sort(values);
  const total = new CompensatedSum();
  for (const value of values) total.add(value);
  const avg = total.value / count;
  const squares = new CompensatedSum();
  for (const value of values) squares.add((value - avg) * (value - avg));
  return toSummary({
    count,
    sum: total.value,
    min: values[0] ?? Number.NaN,
    max: values[count - 1] ?? Number.NaN,
    std: Math.sqrt(squares.value / count),
    percentiles: PERCENTILES.map((percent) => percentileOfSorted(values, percent)),
  });
}

/**
 * Sorts in place. One look at the values comes first: many columns hold one value or are in order already, and telling so costs little
 * beside sorting. The result is that of `sort`, for which -0 comes before 0.
 */
function sort(values: Float64Array): void {
  for (let i = 1; i < values.length; i++) {
    const left = values[i - 1] ?? Number.NaN;
    const right = values[i] ?? Number.NaN;
    if (left < right || Object.is(left, right)) continue;
    values.sort();
    return;
  }
}
