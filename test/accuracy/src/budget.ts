/** A bound in the measurement's unit. */
export type Budget = { readonly atMost: number } | { readonly atLeast: number };

/** What one run of a scenario measured; runs of the same scenario give the same names in the same order. */
export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | '%' | 'count' | '1/s' | 'ratio';
  readonly budget?: Budget | undefined;
  /** The same figure of a bare socket loop against the same server: what machine, kernel and server alone make of it. */
  readonly bareValue?: number | undefined;
}

/** One measurement over the repeated runs of its scenario. */
export interface Finding {
  readonly scenario: string;
  readonly name: string;
  readonly unit: Measurement['unit'];
  readonly values: readonly number[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly bareMedian: number | undefined;
  readonly budget: Budget | undefined;
  /** Whether the median run keeps the budget; absent without one. */
  readonly isMet: boolean | undefined;
}

/** Folds repeated runs into one finding a measurement; the median run is held against the budget. */
export function summarizeRuns(scenario: string, runs: readonly (readonly Measurement[])[]): readonly Finding[] {
  return (runs[0] ?? []).map(({ name, unit, budget }, index) => {
    const measurements = runs.flatMap((run) => run[index] ?? []);
    const values = measurements.map(({ value }) => value);
    const bareValues = measurements.flatMap(({ bareValue }) => bareValue ?? []);
    const medianValue = median(values);
    return {
      scenario,
      name,
      unit,
      values,
      median: medianValue,
      min: Math.min(...values),
      max: Math.max(...values),
      bareMedian: bareValues.length === 0 ? undefined : median(bareValues),
      budget,
      isMet: budget === undefined ? undefined : isWithin(medianValue, budget),
    };
  });
}

function isWithin(value: number, budget: Budget): boolean {
  return 'atMost' in budget ? value <= budget.atMost : value >= budget.atLeast;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
