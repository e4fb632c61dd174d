import type { Measurement } from './budget.ts';

/** One load and what is measured of it. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** One run; the harness repeats it and takes the median. A quick one may be shorter. */
  run(isQuick: boolean): Promise<readonly Measurement[]>;
}
