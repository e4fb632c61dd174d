/** Bound that a value is held against. */
export type Budget = { readonly atLeast: number } | { readonly atMost: number };

/** One measured number. */
export interface Measurement {
  readonly program: string;
  readonly measure: string;
  readonly value: number;
  /** `ratio` for a quotient of two rates of the same run. */
  readonly unit: string;
  /** Absent: told for its own sake. */
  readonly budget?: Budget;
}

/** What a program hands back. */
export interface ProgramResult {
  readonly measurements: readonly Measurement[];
  /** Every single run behind the medians, for the result file. */
  readonly details: unknown;
  /** What a reader must know to judge the numbers, such as a part that could not be run. */
  readonly notes: readonly string[];
}

export interface ProgramContext {
  /** Fewer and shorter runs: for a first look, not for the record. */
  readonly isQuick: boolean;
  /** Says what is being done, since a program takes up to some minutes. */
  readonly say: (text: string) => void;
}

/** One benchmark of its own. */
export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly run: (context: ProgramContext) => Promise<ProgramResult>;
}

/** Whether a measurement keeps its budget; `undefined` without one. A number that could not be measured keeps none. */
export function keepsBudget({ value, budget }: Measurement): boolean | undefined {
  if (budget === undefined) return undefined;
  return 'atLeast' in budget ? value >= budget.atLeast : value <= budget.atMost;
}
