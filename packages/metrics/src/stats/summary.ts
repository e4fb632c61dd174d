import { CONFIDENCE_PERCENTS, confidenceRanks } from './confidence.ts';
import { percentileOfSorted, PERCENTILE_NAMES, PERCENTILES, type PercentileName } from './percentile.ts';
import { CompensatedSum } from './sum.ts';

/** 95 % confidence intervals from order statistics; absent where the sample is too small for one. */
export type Confidence = Readonly<Partial<Record<'p50' | 'p90' | 'p99', readonly [low: number, high: number]>>>;

/** Statistics of one sample, all in the sample's unit. */
export interface Summary extends Readonly<Record<PercentileName, number>> {
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  /** Population standard deviation (no Bessel correction). */
  readonly std: number;
  readonly count: number;
  readonly confidence: Confidence;
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
  /** Value at a 0-based rank of the ascending sample. */
  readonly valueAt: (rank: number) => number;
}

/** Names the parts. */
export function toSummary(parts: SummaryParts): Summary {
  const percentiles = Object.fromEntries(
    PERCENTILE_NAMES.map((name, index) => [name, parts.percentiles[index] ?? Number.NaN]),
  ) as Record<PercentileName, number>;
  return {
    avg: parts.sum / parts.count,
    min: parts.min,
    max: parts.max,
    sum: parts.sum,
    std: parts.std,
    count: parts.count,
    ...percentiles,
    confidence: confidenceOf(parts.count, parts.valueAt),
  };
}

function confidenceOf(count: number, valueAt: (rank: number) => number): Confidence {
  return Object.fromEntries(
    CONFIDENCE_PERCENTS.flatMap((percent) => {
      const ranks = confidenceRanks(count, percent);
      return ranks === undefined ? [] : [[`p${percent}`, [valueAt(ranks.low), valueAt(ranks.high)]]];
    }),
  );
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
    valueAt: (rank) => values[rank] ?? Number.NaN,
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
