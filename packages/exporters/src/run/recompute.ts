import type { LoadLawOf, AnalyzedPhase } from '@aiperf/metrics/analysis';
import { RecordsError } from '@aiperf/records';
import {
  ErrorTable,
  loadMetricSet,
  mergeErrors,
  OUTCOME_COLUMNS,
  RowCounts,
  rowOutcomes,
  type ErrorCount,
  type RunResults,
} from '@aiperf/metrics';
import type { ArrowFileReader } from '@aiperf/records/file';
import { ExportError } from '../export-error.ts';
import { METADATA_KEYS, storedMeasured, storedPhases, type JsonObject, type RecordedOrigin } from './run-metadata.ts';

/** Where results are computed from. */
export interface RecomputeSource {
  readonly path: string;
  readonly records: ArrowFileReader;
  readonly config: JsonObject;
  readonly origin: RecordedOrigin;
}

/** Parts of the results that rows say, by the name under which a difference is told. */
const PARTS = ['profiling', 'warmup', 'errors', 'load', 'violations'] as const;

/**
 * Computes the results of a run from its rows again. What rows cannot say, such as requests that were never sent, comes from `stored`; without
 * it the run counts as one that was killed.
 */
export async function recomputeResults(
  source: RecomputeSource,
  stored: RunResults | undefined,
  warn: (message: string) => void,
  loadLawOf: LoadLawOf | undefined,
): Promise<RunResults> {
  assertConfigured(source);
  try {
    return await analyze(source, stored, warn, loadLawOf);
  } catch (error) {
    if (!(error instanceof RecordsError) || error.code !== 'AIPERF_RECORDS_UNKNOWN_COLUMN') throw error;
    const version = source.records.metadata.get(METADATA_KEYS.version) ?? 'an unknown version';
    throw new ExportError(
      'AIPERF_EXPORT_OTHER_VERSION',
      `${source.path} was written by another aiperf (${version}), whose rows this one cannot analyse: ${error.message}`,
      error,
    );
  }
}

/** What the metrics of a run are chosen by; a file without it is whole, and yet nothing can be made of its rows. */
function assertConfigured({ path, config }: RecomputeSource): void {
  const { endpoint, input, metrics, phases } = config as Readonly<Record<string, unknown>>;
  const [extraInputs] = membersOf(input, ['extraInputs']);
  const [modules, goodput] = membersOf(metrics, ['modules', 'goodput']);
  const lists = [phases, modules, goodput];
  if (isObject(endpoint) && isObject(extraInputs) && lists.every((list) => Array.isArray(list))) return;
  throw new ExportError(
    'AIPERF_EXPORT_OTHER_VERSION',
    `${path} does not say with which options its run was made (metadata "${METADATA_KEYS.config}"), so its rows cannot be analysed`,
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function membersOf(value: unknown, names: readonly string[]): unknown[] {
  return names.map((name) => (isObject(value) ? value[name] : undefined));
}

async function analyze(
  { path, records, config, origin }: RecomputeSource,
  stored: RunResults | undefined,
  warn: (message: string) => void,
  loadLawOf: LoadLawOf | undefined,
): Promise<RunResults> {
  const counted = await countRows(records);
  const phases = storedPhases(records.metadata, path) ?? counted.phases;
  const { analyzeRecords } = await import('@aiperf/metrics/analysis');
  const { output, input } = config as { readonly output?: JsonObject; readonly input?: JsonObject };
  const { sliceDurationSec } = output ?? {};
  const { randomSeed } = input ?? {};
  const epochNs = (runNs: number): string =>
    String(origin.epochNs + BigInt(Number.isNaN(runNs) ? 0 : Math.round(runNs)));
  const metrics = await loadMetricSet(config as unknown as Parameters<typeof loadMetricSet>[0]);
  const { profiling, warmup, load, timeSlices, violations } = await analyzeRecords(records, {
    metrics,
    phases: phases.map((phase) => withConfig(phase, config)),
    measured: storedMeasured(records.metadata, path),
    ...(typeof sliceDurationSec === 'number' ? { sliceDurationSec } : {}),
    ...(typeof randomSeed === 'number' ? { randomSeed } : {}),
    epochNs,
    warn,
    loadLawOf,
  });
  return {
    ...(stored ?? killedRun(counted, epochNs)),
    profiling,
    ...(counted.hasWarmup ? { warmup } : {}),
    errors: counted.errors,
    ...(load.length === 0 ? {} : { load }),
    ...(timeSlices === undefined ? {} : { timeSlices }),
    ...(violations.length === 0 ? {} : { violations }),
  };
}

/** What of the stored results the rows do not give; empty when the file is whole and was written by the same version. */
export function differencesOf(stored: RunResults, recomputed: RunResults): string[] {
  return PARTS.flatMap((part) => {
    const [before, after] = [stored[part] ?? [], recomputed[part] ?? []];
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    if (part !== 'profiling' && part !== 'warmup') return [part];
    const texts = new Map((before as RunResults['profiling']).map((metric) => [metric.tag, JSON.stringify(metric)]));
    const now = new Map((after as RunResults['profiling']).map((metric) => [metric.tag, JSON.stringify(metric)]));
    const tags = new Set([...texts.keys(), ...now.keys()]);
    return [...tags].filter((tag) => texts.get(tag) !== now.get(tag)).map((tag) => `${part}.${tag}`);
  });
}

interface CountedRows {
  readonly phases: readonly AnalyzedPhase[];
  /** Of profiling, the most frequent first. */
  readonly errors: readonly ErrorCount[];
  readonly hasWarmup: boolean;
  /** Of profiling. */
  readonly counts: RowCounts;
  /** Run nanoseconds of the profiling requests; NaN when there is none. */
  readonly startNs: number;
  readonly endNs: number;
}

const COUNTED_COLUMNS = [
  'phase_index',
  'benchmark_phase',
  ...OUTCOME_COLUMNS,
  'error_code',
  'error_type',
  'error_message',
  'error_kind',
  'request_start_offset_ns',
  'request_end_offset_ns',
] as const;

async function countRows(records: ArrowFileReader): Promise<CountedRows> {
  const phases = new Map<number, { readonly kind: AnalyzedPhase['kind']; readonly arrived: RowCounts }>();
  const errors = new Map<number, ErrorTable>();
  const counts = new RowCounts();
  let startNs = Number.POSITIVE_INFINITY;
  let endNs = Number.NEGATIVE_INFINITY;
  for await (const batch of records.batches(COUNTED_COLUMNS)) {
    const kinds = batch.strings('benchmark_phase');
    const indices = batch.numbers('phase_index');
    const outcomeOf = rowOutcomes(batch);
    const [starts, ends] = [batch.numbers('request_start_offset_ns'), batch.numbers('request_end_offset_ns')];
    const codes = batch.numbers('error_code');
    const [types, messages, errorKinds] = [
      batch.strings('error_type'),
      batch.strings('error_message'),
      batch.strings('error_kind'),
    ];
    for (let row = 0; row < batch.rowCount; row += 1) {
      const index = indices[row] ?? 0;
      const kind = kinds[row] === 'warmup' ? 'warmup' : 'profiling';
      const phase = phases.get(index) ?? { kind, arrived: new RowCounts() };
      phases.set(index, phase);
      const outcome = outcomeOf(row);
      phase.arrived.add(outcome);
      if (kind === 'warmup') continue;
      if (Number.isFinite(starts[row])) startNs = Math.min(startNs, starts[row] ?? startNs);
      if (Number.isFinite(ends[row])) endNs = Math.max(endNs, ends[row] ?? endNs);
      counts.add(outcome);
      if (outcome !== 'failed') continue;
      const code = codes[row] ?? Number.NaN;
      const table = errors.get(index) ?? new ErrorTable();
      errors.set(index, table);
      table.add({
        code: Number.isNaN(code) ? null : code,
        type: types[row] ?? '',
        message: messages[row] ?? '',
        kind: errorKinds[row] ?? '',
        count: 1,
      });
    }
  }
  return {
    counts,
    phases: Array.from(phases, ([index, { kind, arrived }]) => ({ index, kind, startNs: Number.NaN, arrived })),
    errors: mergeErrors(
      Array.from(errors)
        .sort(([a], [b]) => a - b)
        .map(([, table]) => table),
    ),
    hasWarmup: [...phases.values()].some(({ kind }) => kind === 'warmup'),
    startNs: endNs > startNs ? startNs : Number.NaN,
    endNs: endNs > startNs ? endNs : Number.NaN,
  };
}

/** What is known of a run that did not come to its end. */
function killedRun({ counts, startNs, endNs }: CountedRows, epochNs: (runNs: number) => string): RunResults {
  return {
    profiling: [],
    errors: [],
    requestCount: counts.valid,
    errorCount: counts.errors,
    cancelledCount: counts.cancelled,
    lostCount: 0,
    wasCancelled: false,
    isComplete: false,
    incompleteReason: 'the run was killed; these are the records that had been written',
    startEpochNs: epochNs(startNs),
    endEpochNs: epochNs(endNs),
  };
}

/** A phase with its configuration, whose infinite times have no form in JSON. */
function withConfig(phase: AnalyzedPhase, config: JsonObject): AnalyzedPhase {
  const phases = Array.isArray(config['phases']) ? (config['phases'] as readonly AnalyzedPhase['config'][]) : [];
  const own = phases[phase.index];
  if (own === undefined) return phase;
  return { ...phase, config: { ...own, gracePeriodSec: own.gracePeriodSec ?? Number.POSITIVE_INFINITY } };
}
