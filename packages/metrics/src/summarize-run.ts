import type { RunPlan } from '@aiperf/config';
import type { RecordSink } from '@aiperf/records/file';
import { analyzeRecords } from './analyze-records.ts';
import { NETWORK_RTT } from './derived/network-latency.ts';
import { foreignDefinitions } from './load-metrics.ts';
import type { LoadLawOf } from './load-report.ts';
import type { RunResults } from './metric-definition.ts';
import type { MetricSet } from './metric-set.ts';
import type { RecordsAccumulator } from './records-manager.ts';
import { createRunResults, epochNsOf } from './run-results.ts';

/** What the results of a run are made from. */
export interface RunFacts {
  readonly plan: RunPlan;
  readonly metrics: MetricSet;
  /** Every row. */
  readonly rows: RecordSink;
  readonly records: RecordsAccumulator;
  readonly roundTripsNs: readonly number[];
  /** What was taken of the host, in words. */
  readonly taken: ReadonlySet<string>;
  /** Why records are missing, if any are. */
  readonly lossReason: string;
  readonly loadLawOf: LoadLawOf;
  readonly warn: (message: string) => void;
}

/** Results, and what a reader of the record file needs of them. */
export interface RunSummary {
  readonly results: RunResults;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Computes everything that the rows of a run say. */
export async function summarizeRun(facts: RunFacts): Promise<RunSummary> {
  const { plan, metrics, rows, records, roundTripsNs, taken, lossReason, loadLawOf, warn } = facts;
  const { phases, output, input } = plan.config;
  const { sliceDurationSec } = output;
  const measured = new Map([[NETWORK_RTT, roundTripsNs]]);
  const analysis = await analyzeRecords(rows, {
    metrics,
    loadLawOf,
    measured,
    phases: records.phases.map((phase) => {
      const config = phases[phase.index];
      return config === undefined ? phase : { ...phase, config };
    }),
    ...(sliceDurationSec === undefined ? {} : { sliceDurationSec }),
    ...(input.randomSeed === undefined ? {} : { randomSeed: input.randomSeed }),
    epochNs: (runNs) => epochNsOf(plan.clockOrigin, runNs),
    warn,
  });
  const definitions = foreignDefinitions(metrics);
  const results: RunResults = {
    ...createRunResults(records, analysis, plan.clockOrigin, lossReason),
    hostTuning: { mode: plan.config.service.hostTuning, taken: [...taken].toSorted() },
    ...(definitions.length === 0 ? {} : { foreignDefinitions: definitions }),
  };
  // What the rows cannot say, and all else as its own proof. Slices are made from the rows again; of a long run they are many.
  const { timeSlices: _, ...stored } = results;
  const metadata = new Map([
    ['aiperf.summary', JSON.stringify(stored)],
    ['aiperf.host_tuning', JSON.stringify(results.hostTuning)],
    ['aiperf.phases', JSON.stringify(records.phases)],
    ['aiperf.measured', JSON.stringify(Object.fromEntries(measured))],
  ]);
  return { results, metadata };
}
