/** Files of a run. `chunks` is what the responses consisted of; `slices…` are metrics of windows of time. */
export type ResultFileKind =
  | 'arrow'
  | 'chunks'
  | 'csv'
  | 'json'
  | 'console'
  | 'slicesCsv'
  | 'slicesJson'
  | 'slicesArrow'
  | 'jsonl'
  | 'raw'
  | 'outputs'
  | 'parquet'
  | 'ready';

/** Each file's name, and its name with `--profile-export-prefix`, which takes the place of the star. */
const FILES: Readonly<Record<ResultFileKind, readonly [name: string, prefixed: string | undefined]>> = {
  arrow: ['profile_export.arrow', '*.arrow'],
  chunks: ['profile_export_chunks.arrow', '*_chunks.arrow'],
  parquet: ['profile_export.parquet', '*.parquet'],
  csv: ['profile_export_aiperf.csv', '*.csv'],
  json: ['profile_export_aiperf.json', '*.json'],
  jsonl: ['profile_export.jsonl', '*.jsonl'],
  raw: ['profile_export_raw.jsonl', '*_raw.jsonl'],
  slicesCsv: ['profile_export_aiperf_timeslices.csv', '*_timeslices.csv'],
  slicesJson: ['profile_export_aiperf_timeslices.json', '*_timeslices.json'],
  slicesArrow: ['profile_export_timeslices.arrow', '*_timeslices.arrow'],
  outputs: ['outputs.json', undefined],
  console: ['profile_export_console.txt', '*_console.txt'],
  ready: ['.aiperf_results_ready.json', undefined],
};

/** Every kind of file, in the order in which they are written. */
export const RESULT_FILE_KINDS: readonly ResultFileKind[] = Object.keys(FILES) as ResultFileKind[];

/** Name of a file in a run directory. */
export function resultFileName(kind: ResultFileKind, prefix?: string): string {
  const [name, prefixed] = FILES[kind];
  return prefix === undefined || prefixed === undefined ? name : prefixed.replace('*', () => prefix);
}

/** Any of these in a directory means that a run has left its results there. */
export function resultFileNames(prefix?: string): ReadonlySet<string> {
  return new Set(RESULT_FILE_KINDS.flatMap((kind) => [resultFileName(kind), resultFileName(kind, prefix)]));
}

/** One file of a run. */
export interface ResultFile {
  readonly kind: ResultFileKind;
  readonly path: string;
}
