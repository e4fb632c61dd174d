import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { definitionsOf, type MetricDefinition, type RunResults } from '@aiperf/metrics';
import { openArrowFile } from '@aiperf/records/file';
import { writeSlicesArrow } from './slices-file.ts';
import { replaceAtomically, writeAtomically, writePiecesAtomically, writeTextAtomically } from './atomic-file.ts';
import { renderConsoleReport } from './console-report.ts';
import { renderCsvSummary } from './csv-summary.ts';
import { endpointTitle } from '@aiperf/endpoints';
import { renderJsonSummary } from './json-summary.ts';
import { writeJsonlRecords } from './jsonl-records.ts';
import { hasResponseTexts, writeOutputs } from './outputs-json.ts';
import { writeRawRecords } from './raw-records.ts';
import { resultFileName, type ResultFile, type ResultFileKind } from './result-files.ts';
import type { OpenedRun } from './run/open-run.ts';
import { METADATA_KEYS, phaseNamesOf, requestHeadersOf } from './run/run-metadata.ts';
import { renderSlicesCsv, renderSlicesJson } from './time-slices.ts';

/** Width of `profile_export_console.txt`, in characters. */
const CONSOLE_FILE_WIDTH_COLUMNS = 140;

/** What of a run is written, and where to. */
export interface ExportRunOptions {
  /** Default: beside the record file. */
  readonly directory?: string;
  /** Default: the metrics of this version and those that the run brought along. */
  readonly definitions?: readonly MetricDefinition[];
  /** Files that are written; what the run has nothing for is left out. Default: those that the run's options name. */
  readonly kinds?: ReadonlySet<ResultFileKind>;
}

/**
 * Writes the files of a run from its record file alone, and returns the paths of all, the record file first. When every request failed
 * there is nothing to summarise: only the record files are written, and no ready marker. Each file appears whole or not at all.
 */
export async function exportRun(run: OpenedRun, options: ExportRunOptions = {}): Promise<readonly ResultFile[]> {
  const { directory = run.directory, definitions = definitionsOf(run.results), kinds = defaultKinds(run) } = options;
  const results = shownResults(run.results, definitions);
  const files: ResultFile[] = [{ kind: 'arrow', path: run.path }];
  for (const { kind, isThere, write } of writers(run, results, definitions)) {
    if (!kinds.has(kind) || !isThere) continue;
    const path = join(directory, resultFileName(kind, run.choices.prefix));
    await write(path);
    files.push({ kind, path });
  }
  return files;
}

interface FileWriter {
  readonly kind: ResultFileKind;
  /** Whether the run has something for this file. */
  readonly isThere: boolean;
  readonly write: (path: string) => Promise<void>;
}

/** In the order of writing. The small files come first: should the disk be full, the summary is there. */
function writers(run: OpenedRun, results: RunResults, definitions: readonly MetricDefinition[]): FileWriter[] {
  const { description, choices, records, config } = run;
  const phaseNames = phaseNamesOf(config);
  const chunksPath = join(run.directory, resultFileName('chunks', choices.prefix));
  const hasChunks = existsSync(chunksPath);
  const slices = results.timeSlices ?? [];
  const hasSummary = !hasOnlyFailures(results);
  const hasSlices = hasSummary && results.timeSlices !== undefined;
  const text = (kind: ResultFileKind, isThere: boolean, render: () => string): FileWriter => ({
    kind,
    isThere,
    write: (path) => writeTextAtomically(path, render()),
  });
  return [
    text('csv', results.requestCount > 0, () => renderCsvSummary(results)),
    text('json', hasSummary, () => renderJsonSummary(description, results)),
    text('console', hasSummary, () =>
      renderConsoleReport({
        results,
        definitions,
        endpointTitle: endpointTitle(choices.endpointType),
        widthColumns: CONSOLE_FILE_WIDTH_COLUMNS,
        showsTraceTiming: choices.showsTraceTiming,
      }),
    ),
    {
      kind: 'slicesCsv',
      isThere: hasSlices,
      write: (path) => writePiecesAtomically(path, renderSlicesCsv(slices)),
    },
    {
      kind: 'slicesJson',
      isThere: hasSlices,
      write: (path) => writePiecesAtomically(path, renderSlicesJson(slices, description.inputConfig)),
    },
    {
      kind: 'slicesArrow',
      isThere: hasSlices,
      write: (path) =>
        replaceAtomically(path, (temporary) => writeSlicesArrow(temporary, slices, sharedMetadata(records.metadata))),
    },
    {
      kind: 'jsonl',
      isThere: true,
      write: (path) =>
        writeAtomically(path, (handle) =>
          writeJsonlRecords(records, handle, { phaseNames, hasHttpTrace: choices.hasHttpTrace }),
        ),
    },
    {
      kind: 'outputs',
      isThere: hasSummary && hasResponseTexts(records),
      write: (path) => writeAtomically(path, (handle) => writeOutputs(records, handle)),
    },
    {
      kind: 'raw',
      isThere: hasChunks,
      write: async (path) => {
        await using chunks = await openArrowFile(chunksPath);
        const headers = requestHeadersOf(config, description);
        const options = { origin: run.origin, phaseNames, headers };
        await writeAtomically(path, (handle) => writeRawRecords(records, chunks, handle, options));
      },
    },
    {
      kind: 'parquet',
      isThere: true,
      write: async (path) => {
        // A library that most runs have no use for.
        const { writeParquet } = await import('./parquet/parquet-file.ts');
        await writeAtomically(path, (handle) => writeParquet(records, handle));
      },
    },
    text('ready', hasSummary, () =>
      JSON.stringify({ ready: true, was_cancelled: results.wasCancelled, partial: false }),
    ),
  ];
}

/** Every request failed, so that there is nothing to summarise. */
export function hasOnlyFailures(results: RunResults): boolean {
  return results.requestCount === 0 && results.errorCount > 0;
}

/** The files that a run's options ask for. */
function defaultKinds({ choices }: OpenedRun): ReadonlySet<ResultFileKind> {
  const kinds: ResultFileKind[] = ['csv', 'json', 'console', 'slicesCsv', 'slicesJson', 'slicesArrow', 'ready'];
  if (choices.exportLevel !== 'summary') kinds.push('jsonl');
  if (choices.exportLevel === 'raw') kinds.push('raw');
  if (choices.hasOutputs) kinds.push('outputs');
  if (choices.formats.includes('parquet')) kinds.push('parquet');
  return new Set(kinds);
}

/** What says which run another file belongs to. */
function sharedMetadata(metadata: ReadonlyMap<string, string>): Map<string, string> {
  const keys = [METADATA_KEYS.version, METADATA_KEYS.benchmarkId, METADATA_KEYS.commandLine];
  return new Map(
    keys.flatMap((key) => {
      const value = metadata.get(key);
      return value === undefined ? [] : [[key, value] as const];
    }),
  );
}

/** Without the metrics that exist only for others to be computed from. */
export function shownResults(results: RunResults, definitions: readonly MetricDefinition[]): RunResults {
  const hidden = new Set(
    definitions
      .filter(({ flags }) => flags.includes('internal') || flags.includes('experimental'))
      .map(({ tag }) => tag),
  );
  const shown = <T extends { readonly tag: string }>(metrics: readonly T[]): readonly T[] =>
    metrics.filter(({ tag }) => !hidden.has(tag));
  const { profiling, warmup, timeSlices } = results;
  return {
    ...results,
    profiling: shown(profiling),
    ...(warmup === undefined ? {} : { warmup: shown(warmup) }),
    ...(timeSlices === undefined
      ? {}
      : { timeSlices: timeSlices.map((slice) => Object.assign({}, slice, { metrics: shown(slice.metrics) })) }),
  };
}
