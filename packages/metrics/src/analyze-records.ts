import type { AskedPhase } from './run-config.ts';
import type { PhaseKind } from '@aiperf/records';
import { computeCurves } from './curves/compute-curves.ts';
import { reportLoad, type LoadLawOf, type PhaseLoad } from './load-report.ts';
import type { InvariantViolation, LoadReport, MetricResult, TimeSlice } from './metric-definition.ts';
import type { MetricSet } from './metric-set.ts';
import type { RecordSink } from '@aiperf/records/file';
import { groupsByKind } from './row-groups.ts';
import { toResults } from './run-values.ts';
import { measureSteadyPart } from './steady-part.ts';
import { checkConcurrency, checkCounts, checkLittlesLaw, checkStatistics, type PhaseCheck } from './summary-checks.ts';
import { summarizeRecords, type MeasuredValues } from './summarize-records.ts';
import { PhaseSurvey, surveyRows, type RowSurvey } from './survey-rows.ts';
import { planSlices, sliceMetrics, SLICES_MAX } from './time-slices.ts';

type Source = Pick<RecordSink, 'rowCount' | 'scan'>;

const KINDS = ['profiling', 'warmup'] as const satisfies readonly PhaseKind[];

/** One phase as it was asked for and as the timing manager counted it. */
export interface AnalyzedPhase {
  readonly index: number;
  readonly kind: PhaseKind;
  /** Absent for a phase that nobody planned. */
  readonly config?: AskedPhase;
  /** Run nanoseconds; NaN: not reported. */
  readonly startNs: number;
  /** Absent for a phase that was not seen to its end. */
  readonly counts?: PhaseLoad['counts'] | undefined;
  /** As counted while the rows came. */
  readonly arrived: PhaseCheck['arrived'];
}

/** What an analysis is made from. */
export interface AnalyzeOptions {
  readonly metrics: MetricSet;
  readonly phases: readonly AnalyzedPhase[];
  /** Absent: no slices. */
  readonly sliceDurationSec?: number;
  readonly randomSeed?: number;
  /** Absent: arrivals are held against no law. */
  readonly loadLawOf?: LoadLawOf | undefined;
  readonly measured?: MeasuredValues;
  /** Wall time of a run time, as it is written. */
  readonly epochNs: (runNs: number) => string;
  /** Told what the user should know. */
  readonly warn: (message: string) => void;
  /** Memory for columns during one pass; default 96 to 256 MiB, by the number of rows. */
  readonly columnBudgetBytes?: number;
}

/** Everything that stored rows say. */
export interface Analysis {
  readonly profiling: readonly MetricResult[];
  readonly warmup: readonly MetricResult[];
  readonly timeSlices?: readonly TimeSlice[];
  readonly load: readonly LoadReport[];
  readonly violations: readonly InvariantViolation[];
}

/**
 * Reads stored rows back and computes all results from them, exactly and within bounded memory: metrics of the profiling phases together and
 * of the warm-up together, curves over time, time slices, the load report of each profiling phase; and looks for contradictions.
 */
export async function analyzeRecords(source: Source, options: AnalyzeOptions): Promise<Analysis> {
  const { metrics, phases } = options;
  const survey = await surveyRows(source, metrics);
  const phaseKinds = new Map(phases.map(({ index, kind }) => [index, kind]));
  const values = await summarizeRecords(source, { ...options, groups: groupsByKind(KINDS, phaseKinds) });
  const results: MetricResult[][] = [];
  for (const [group, kind] of KINDS.entries()) {
    const [curves = []] = await curvesOf(source, options, survey, kind);
    const ofKind = values[group];
    results.push(ofKind === undefined ? [] : [...toResults(ofKind, metrics), ...curves]);
  }
  const [profiling = [], warmup = []] = results;
  const timeSlices = await slicesOf(source, options, survey);
  const load: LoadReport[] = [];
  for (const phase of phases) {
    const phaseLoad = phase.kind === 'profiling' ? loadOf(phase, survey, options) : undefined;
    if (phaseLoad !== undefined) load.push(await reportLoad(source, phaseLoad, survey.batchTimes));
  }
  const violations = [
    ...(await survey.checks.violations(source)),
    ...checkCounts(phases.map((phase) => checkOf(phase, survey))),
    ...checkStatistics([...profiling, ...warmup, ...(timeSlices ?? []).flatMap(({ metrics: ofSlice }) => ofSlice)]),
    ...checkConcurrency(profiling, concurrencyLimit(phases)),
    ...(await steadyViolations(source, options, survey)),
  ];
  return { profiling, warmup, ...(timeSlices === undefined ? {} : { timeSlices }), load, violations };
}

function includesKind(phases: readonly AnalyzedPhase[], kind: PhaseKind): (phaseIndex: number) => boolean {
  const indexes = new Set(phases.filter((phase) => phase.kind === kind).map(({ index }) => index));
  return (phaseIndex) => indexes.has(phaseIndex);
}

/** First start and last end of the requests of one kind of phase; `undefined` when none was sent. */
function spanOf(
  phases: readonly AnalyzedPhase[],
  survey: RowSurvey,
  kind: PhaseKind,
): { readonly startNs: number; readonly endNs: number } | undefined {
  const includes = includesKind(phases, kind);
  let startNs = Number.POSITIVE_INFINITY;
  let endNs = Number.NEGATIVE_INFINITY;
  for (const [index, phase] of survey.phases) {
    if (!includes(index)) continue;
    startNs = Math.min(startNs, phase.firstStartNs);
    endNs = Math.max(endNs, phase.lastEndNs);
  }
  return endNs > startNs ? { startNs, endNs } : undefined;
}

async function curvesOf(
  source: Source,
  { metrics, phases }: AnalyzeOptions,
  survey: RowSurvey,
  kind: PhaseKind,
): Promise<readonly (readonly MetricResult[])[]> {
  const span = spanOf(phases, survey, kind);
  if (span === undefined) return [];
  const includes = includesKind(phases, kind);
  return computeCurves(source, { metrics, includes, windows: [span], batchTimes: survey.batchTimes });
}

async function slicesOf(
  source: Source,
  options: AnalyzeOptions,
  survey: RowSurvey,
): Promise<readonly TimeSlice[] | undefined> {
  const { metrics, phases, sliceDurationSec, epochNs } = options;
  const span = spanOf(phases, survey, 'profiling');
  if (sliceDurationSec === undefined || span === undefined) return undefined;
  const includes = includesKind(phases, 'profiling');
  const plan = await planSlices(source, { ...span, includes, sliceNs: sliceDurationSec * 1e9 });
  if (plan === undefined) {
    options.warn(
      `--slice-duration ${sliceDurationSec} makes more than ${SLICES_MAX} slices of this run, so none are written; a longer one gives fewer`,
    );
    return undefined;
  }
  const { windows, groups } = plan;
  const sliced = sliceMetrics(metrics);
  const lengthNs = (group: number): number => (windows[group]?.endNs ?? 0) - (windows[group]?.startNs ?? 0);
  const values = await summarizeRecords(source, { ...options, metrics: sliced, groups, windowNs: lengthNs });
  const curves = await computeCurves(source, { metrics, includes, windows, batchTimes: survey.batchTimes });
  return windows.map(({ startNs, endNs, isComplete }, group) => {
    const ofSlice = values[group];
    return {
      startEpochNs: epochNs(startNs),
      endEpochNs: epochNs(endNs),
      isComplete,
      metrics: ofSlice === undefined ? [] : [...toResults(ofSlice, sliced), ...(curves[group] ?? [])],
    };
  });
}

function loadOf(
  phase: AnalyzedPhase,
  survey: RowSurvey,
  { loadLawOf, randomSeed }: AnalyzeOptions,
): PhaseLoad | undefined {
  const { index, config, startNs, counts } = phase;
  // Without a row there is still something to say: what was sent, and how much never was.
  const rows = survey.phases.get(index) ?? (counts === undefined ? undefined : new PhaseSurvey());
  if (config === undefined || rows === undefined) return undefined;
  const fromRows = {
    sent: rows.rows,
    completed: rows.valid,
    failed: rows.errors,
    cancelled: rows.cancelled,
    lost: 0,
    neverSent: 0,
    sessions: rows.sessions,
  };
  const law = loadLawOf?.(config, randomSeed);
  return { index, config, startNs, counts: outcomesOf(counts ?? fromRows, fromRows), law, survey: rows };
}

/**
 * Counts of a phase whose outcomes are those of its rows, where every request left one: an error inside a good answer is found in the rows only,
 * and a report must not say in one place that a request was completed and in another that it failed.
 */
function outcomesOf(counts: PhaseLoad['counts'], rows: PhaseLoad['counts']): PhaseLoad['counts'] {
  if (rows.sent !== counts.completed + counts.failed + counts.cancelled) return counts;
  const { completed, failed, cancelled } = rows;
  return { ...counts, completed, failed, cancelled };
}

function checkOf({ index, config, counts, arrived }: AnalyzedPhase, survey: RowSurvey): PhaseCheck {
  const none = { sent: 0, completed: 0, failed: 0, cancelled: 0, lost: 0 };
  return {
    name: config?.name ?? String(index),
    counts: counts ?? none,
    arrived,
    survey: survey.phases.get(index) ?? new PhaseSurvey(),
    isComplete: counts !== undefined,
  };
}

/** Requests that may be in flight at once over all profiling phases; `undefined` without a limit. */
function concurrencyLimit(phases: readonly AnalyzedPhase[]): number | undefined {
  const limits = phases.filter(({ kind }) => kind === 'profiling').map(({ config }) => config?.concurrency);
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 || known.length < limits.length ? undefined : Math.max(...known);
}

async function steadyViolations(
  source: Source,
  options: AnalyzeOptions,
  survey: RowSurvey,
): Promise<InvariantViolation[]> {
  const { metrics, phases } = options;
  const span = spanOf(phases, survey, 'profiling');
  if (span === undefined) return [];
  const includes = includesKind(phases, 'profiling');
  const { batchTimes } = survey;
  const steady = await measureSteadyPart(source, { metrics, includes, batchTimes }, span.startNs, span.endNs);
  return steady === undefined ? [] : checkLittlesLaw(steady);
}
