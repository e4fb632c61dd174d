import type { LoadLawOf } from '@aiperf/metrics/analysis';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RunResults } from '@aiperf/metrics';
import { openArrowFile, type ArrowFileReader, RECOVERED_KEY } from '@aiperf/records/file';
import { causeText } from '@aiperf/records';
import { ExportError } from '../export-error.ts';
import type { RunDescription } from '../json-summary.ts';
import { resultFileName } from '../result-files.ts';
import { differencesOf, recomputeResults } from './recompute.ts';
import {
  METADATA_KEYS,
  outputChoices,
  storedConfig,
  storedDescription,
  storedOrigin,
  storedResults,
  type JsonObject,
  type OutputChoices,
  type RecordedOrigin,
} from './run-metadata.ts';

/** Layout of the record file that this version reads: the first number of its version. */
const READABLE_MAJOR = 1;

/** A run as its record file describes it. */
export interface OpenedRun extends AsyncDisposable {
  /** Directory of the record file. */
  readonly directory: string;
  /** Path of the record file. */
  readonly path: string;
  /** One row a request. */
  readonly records: ArrowFileReader;
  /**
   * Metrics, errors and counts as the run's end computed them, without its time slices; of a run that was killed and recovered, what its
   * rows give. See `recomputeRun`.
   */
  readonly results: RunResults;
  readonly description: RunDescription;
  /** The resolved configuration, secrets redacted; numbers without a JSON form, such as infinite times, are null. */
  readonly config: JsonObject;
  readonly choices: OutputChoices;
  readonly origin: RecordedOrigin;
  readonly loadLawOf: LoadLawOf | undefined;
}

/** What reading a run takes that its file does not hold. */
export interface OpenRunOptions {
  /** The laws that arrivals are held against when results are computed again; absent: none. */
  readonly loadLawOf?: LoadLawOf | undefined;
}

/**
 * Opens a finished run, by its directory or by its record file. Throws {@link ExportError}: `NO_RUN` where there is none, `FOREIGN_FILE`
 * for an Arrow file of another program, `OTHER_VERSION` for one that this version cannot read, `UNFINISHED` for one that was cut off.
 */
export async function openRun(location: string, { loadLawOf }: OpenRunOptions = {}): Promise<OpenedRun> {
  const path = await recordFileOf(location);
  const records = await openArrowFile(path);
  try {
    assertReadable(records, path);
    const { metadata } = records;
    const config = storedConfig(metadata, path);
    const origin = storedOrigin(metadata, path);
    const stored = storedResults(metadata, path);
    if (stored === undefined && metadata.get(RECOVERED_KEY) !== 'true') throw unfinished(records, path);
    const results =
      stored ?? (await recomputeResults({ path, records, config, origin }, undefined, () => undefined, loadLawOf));
    return {
      directory: dirname(path),
      path,
      records,
      results,
      description: storedDescription(metadata, path),
      config,
      choices: outputChoices(config),
      origin,
      loadLawOf,
      [Symbol.asyncDispose]: () => records.close(),
    };
  } catch (error) {
    await records.close();
    throw error;
  }
}

/** A run whose results were computed from its rows again. */
export interface RecomputedRun {
  readonly run: OpenedRun;
  /** Names of results that the rows do not give as they were stored; empty when the file is whole and of the same version. */
  readonly differences: readonly string[];
}

/** Computes everything that the rows of a run say, time slices included, and holds it against what the run's end had stored. */
export async function recomputeRun(run: OpenedRun, warn: (message: string) => void): Promise<RecomputedRun> {
  const results = await recomputeResults(run, run.results, warn, run.loadLawOf);
  return { run: { ...run, results }, differences: differencesOf(run.results, results) };
}

/** The record file of a directory: the usual name, or the only one with a prefix. */
async function recordFileOf(location: string): Promise<string> {
  let names: string[];
  try {
    if (!(await stat(location)).isDirectory()) return location;
    names = await readdir(location);
  } catch (error) {
    throw new ExportError('AIPERF_EXPORT_NO_RUN', `cannot read ${location}: ${causeText(error)}`, error);
  }
  const usual = resultFileName('arrow');
  if (names.includes(usual)) return join(location, usual);
  const others = names.filter((name) => name.endsWith('.arrow') && !/(_chunks|_timeslices)\.arrow$/u.test(name));
  const [only] = others;
  if (only !== undefined && others.length === 1) return join(location, only);
  const found =
    others.length > 1
      ? `holds several record files; name one of ${others.join(', ')}`
      : names.some((name) => name.endsWith('.jsonl'))
        ? `holds no ${usual}; a run of AIPerf in Python cannot be read`
        : `holds no ${usual}, so it is not the directory of a run`;
  throw new ExportError('AIPERF_EXPORT_NO_RUN', `${location} ${found}`);
}

function assertReadable({ metadata }: ArrowFileReader, path: string): void {
  const version = metadata.get(METADATA_KEYS.schemaVersion);
  if (version === undefined) {
    throw new ExportError(
      'AIPERF_EXPORT_FOREIGN_FILE',
      `${path} was not written by aiperf: its schema metadata has no "${METADATA_KEYS.schemaVersion}"`,
    );
  }
  if (Number.parseInt(version, 10) !== READABLE_MAJOR) {
    throw new ExportError(
      'AIPERF_EXPORT_OTHER_VERSION',
      `${path} has version ${version} of the record file; this aiperf reads version ${READABLE_MAJOR}. Use the aiperf that wrote it (${metadata.get(METADATA_KEYS.version) ?? 'version unknown'})`,
    );
  }
}

function unfinished({ isFinished, rowCount }: ArrowFileReader, path: string): ExportError {
  const reason = isFinished
    ? 'was closed before its results were made'
    : `was cut off after ${rowCount} records; \`aiperf recover\` finishes it`;
  return new ExportError('AIPERF_EXPORT_UNFINISHED', `${path} ${reason}`);
}
