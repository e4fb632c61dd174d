import { WeightedSummary } from '@aiperf/metrics/stats';
import { sweepIntervals } from './concurrency-sweep.ts';
import type { DialectRequest, DialectRequests } from './dialect-requests.ts';

/** GuideLLM takes moments closer than this for one, the first. */
const MERGE_NS = 100_000;
/** A weight this much below a target, relatively, reaches it: sums of decimal fractions are not exact. */
const WEIGHT_TOLERANCE = 1e-12;

/** Statistics as GuideLLM takes them. */
export interface WeightedStatistics {
  /** Sum of the weights: for a sample of requests, their number. */
  readonly weight: number;
  readonly mean: number;
  /** Of the population. */
  readonly standardDeviation: number;
  readonly median: number;
  readonly p95: number;
}

/** A sample without weight: GuideLLM makes 0 of it. */
const EMPTY: WeightedStatistics = { weight: 0, mean: 0, standardDeviation: 0, median: 0, p95: 0 };

/** Passes on the values of a request with their weights. */
export type EmitWeighted<Key extends string> = (
  request: DialectRequest,
  add: (key: Key, value: number, weight: number) => void,
) => void;

/**
 * Weighted statistics of samples over the requests. Median and p95 are the smallest value up to which half, or 95 %, of the weight lies;
 * nothing is interpolated. Exact, in bounded memory, in a few passes over the file.
 */
export async function weightedStatistics<Key extends string>(
  requests: DialectRequests,
  keys: readonly Key[],
  emit: EmitWeighted<Key>,
): Promise<Readonly<Record<Key, WeightedStatistics>>> {
  const summaries = new Map(keys.map((key) => [key, new WeightedSummary(targetsOf)] as const));
  let open = new Map(summaries);
  while (open.size > 0) {
    await requests.visit((request) =>
      emit(request, (key, value, weight) => {
        if (weight > 0) open.get(key)?.add(value, weight);
      }),
    );
    for (const summary of open.values()) summary.endPass();
    open = new Map(Array.from(open).filter(([, { isDone }]) => !isDone));
  }
  return Object.fromEntries(Array.from(summaries, ([key, summary]) => [key, statisticsOf(summary)])) as Record<
    Key,
    WeightedStatistics
  >;
}

function targetsOf(weight: number): [number, number] {
  return [0.5 * weight * (1 - WEIGHT_TOLERANCE), 0.95 * weight * (1 - WEIGHT_TOLERANCE)];
}

function statisticsOf(summary: WeightedSummary): WeightedStatistics {
  const { moments } = summary;
  if (moments === undefined) return EMPTY;
  const { weight, avg, squares } = moments;
  const [median, p95] = targetsOf(weight);
  return {
    weight,
    mean: avg,
    standardDeviation: Math.sqrt(squares / weight),
    median: summary.valueAt(median),
    p95: summary.valueAt(p95),
  };
}

/** Requests in flight over the time from the first start to the last end: time-weighted mean and median. */
export async function concurrencyOverTime(
  requests: DialectRequests,
  endNs: number,
): Promise<{ readonly mean: number; readonly median: number }> {
  const lengthByLevel = new Map<number, number>();
  let level = 0;
  let groupNs = Number.NaN;
  let change = 0;
  const endGroup = (untilNs: number): void => {
    level += change;
    const lengthNs = Math.max(0, untilNs - groupNs);
    if (lengthNs > 0) lengthByLevel.set(Math.max(0, level), (lengthByLevel.get(Math.max(0, level)) ?? 0) + lengthNs);
  };
  await sweepIntervals(
    requests,
    ({ startNs, endNs: until }) => ({ startNs, endNs: until }),
    (timeNs, step) => {
      if (timeNs <= groupNs + MERGE_NS) {
        change += step;
        return;
      }
      if (!Number.isNaN(groupNs)) endGroup(timeNs);
      groupNs = timeNs;
      change = step;
    },
  );
  if (!Number.isNaN(groupNs)) endGroup(endNs);
  const levels = Array.from(lengthByLevel).sort(([a], [b]) => a - b);
  const totalNs = levels.reduce((sum, [, lengthNs]) => sum + lengthNs, 0);
  if (totalNs === 0) return { mean: 0, median: 0 };
  const mean = levels.reduce((sum, [value, lengthNs]) => sum + value * lengthNs, 0) / totalNs;
  let passedNs = 0;
  for (const [value, lengthNs] of levels) {
    passedNs += lengthNs;
    if (passedNs >= totalNs / 2) return { mean, median: value };
  }
  return { mean, median: 0 };
}
