import { join } from 'node:path';
import type { MetricDefinition, RunResults } from '@aiperf/metrics';
import { openArrowFile } from './arrow/file-reader.ts';
import { writeAtomically, writeTextAtomically } from './atomic-file.ts';
import { renderConsoleReport } from './console-report.ts';
import { renderCsvSummary } from './csv-summary.ts';
import { renderJsonSummary, type RunDescription } from './json-summary.ts';
import { writeJsonlRecords } from './jsonl-records.ts';
import { RESULT_FILES, type ResultFile, type ResultFileKind } from './result-files.ts';

/** Width of `profile_export_console.txt`, in characters. */
const CONSOLE_FILE_WIDTH_COLUMNS = 140;

/** What `exportRun` needs. */
export interface ExportRunOptions {
  /** Absolute path; holds the finished `profile_export.arrow`. */
  readonly runDirectory: string;
  readonly results: RunResults;
  readonly definitions: readonly MetricDefinition[];
  readonly description: RunDescription;
  /** Heading of the metric tables, such as `LLM Metrics`. */
  readonly endpointTitle: string;
  /** `records` adds `profile_export.jsonl`. */
  readonly exportLevel: 'summary' | 'records';
}

/**
 * Writes the result files beside the Arrow file and returns all of the run's files. When every request failed there is nothing to
 * summarise: only the record files are written, and no ready marker. Each file appears whole or not at all.
 */
export async function exportRun(options: ExportRunOptions): Promise<readonly ResultFile[]> {
  const { runDirectory, definitions, description, endpointTitle, exportLevel } = options;
  const results = shownResults(options.results, definitions);
  const hasAllFailed = results.requestCount === 0 && results.errorCount > 0;
  const files: ResultFile[] = [];
  const add = (kind: ResultFileKind): string => {
    const path = join(runDirectory, RESULT_FILES[kind]);
    files.push({ kind, path });
    return path;
  };
  const arrowPath = add('arrow');
  // The small files first: should the disk be full, the summary is there.
  if (!hasAllFailed) {
    if (results.requestCount > 0) await writeTextAtomically(add('csv'), renderCsvSummary(results));
    await writeTextAtomically(add('json'), renderJsonSummary(description, results));
    const report = { results, definitions, endpointTitle, widthColumns: CONSOLE_FILE_WIDTH_COLUMNS };
    await writeTextAtomically(add('console'), renderConsoleReport(report));
  }
  if (exportLevel === 'records') {
    await using records = await openArrowFile(arrowPath);
    await writeAtomically(add('jsonl'), (handle) => writeJsonlRecords(records, handle));
  }
  if (!hasAllFailed) {
    const marker = { ready: true, was_cancelled: results.wasCancelled, partial: false };
    await writeTextAtomically(add('ready'), JSON.stringify(marker));
  }
  return files;
}

/** Without the metrics that exist only for others to be computed from. */
function shownResults(results: RunResults, definitions: readonly MetricDefinition[]): RunResults {
  const hidden = new Set(
    definitions
      .filter(({ flags }) => flags.includes('internal') || flags.includes('experimental'))
      .map(({ tag }) => tag),
  );
  const profiling = results.profiling.filter(({ tag }) => !hidden.has(tag));
  const { warmup } = results;
  return warmup === undefined
    ? { ...results, profiling }
    : { ...results, profiling, warmup: warmup.filter(({ tag }) => !hidden.has(tag)) };
}
