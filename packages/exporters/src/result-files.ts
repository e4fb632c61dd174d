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

interface FileRow {
  readonly name: string;
  /** Its name with `--profile-export-prefix`, which takes the place of the star; absent: the same. */
  readonly prefixed?: string;
  /** How the last lines of a run call it, as AIPerf does; absent: it is not named there. */
  readonly label?: string;
  /** What `aiperf report --format` calls it; absent: it is not made again. */
  readonly format?: string;
}

/** Every file that is made from the records, in the order in which the last lines of a run name them. */
const FILES: Readonly<Record<ResultFileKind, FileRow>> = {
  // The summary as CSV.
  csv: { name: 'profile_export_aiperf.csv', prefixed: '*.csv', label: 'CSV Export', format: 'csv' },
  // The summary.
  json: { name: 'profile_export_aiperf.json', prefixed: '*.json', label: 'JSON Export', format: 'json' },
  // One line a request with what was on the wire.
  raw: { name: 'profile_export_raw.jsonl', prefixed: '*_raw.jsonl', label: 'Raw Records', format: 'raw' },
  // Metrics of each stretch of time as CSV.
  slicesCsv: {
    name: 'profile_export_aiperf_timeslices.csv',
    prefixed: '*_timeslices.csv',
    label: 'Timeslice CSV Export',
    format: 'csv',
  },
  // Metrics of each stretch of time.
  slicesJson: {
    name: 'profile_export_aiperf_timeslices.json',
    prefixed: '*_timeslices.json',
    label: 'Timeslice JSON Export',
    format: 'json',
  },
  // The generated texts.
  outputs: { name: 'outputs.json', label: 'Outputs JSON', format: 'outputs' },
  // One row a request; what the others are made from.
  arrow: { name: 'profile_export.arrow', prefixed: '*.arrow', label: 'Arrow Export' },
  // The rows once more.
  parquet: { name: 'profile_export.parquet', prefixed: '*.parquet', label: 'Parquet Export', format: 'parquet' },
  // What the requests and responses consisted of.
  chunks: { name: 'profile_export_chunks.arrow', prefixed: '*_chunks.arrow' },
  // One line a request.
  jsonl: { name: 'profile_export.jsonl', prefixed: '*.jsonl', format: 'jsonl' },
  // Metrics of each stretch of time, long form.
  slicesArrow: { name: 'profile_export_timeslices.arrow', prefixed: '*_timeslices.arrow' },
  // The tables as printed.
  console: { name: 'profile_export_console.txt', prefixed: '*_console.txt', format: 'console' },
  // Written last, when the others are whole.
  ready: { name: '.aiperf_results_ready.json' },
};
const ROWS = Object.entries(FILES) as [ResultFileKind, FileRow][];

/** What the last lines of a run call the files, in their order. */
export const FILE_LABELS: readonly (readonly [kind: ResultFileKind, label: string])[] = ROWS.flatMap(
  ([kind, { label }]) => (label === undefined ? [] : [[kind, label] as const]),
);

/** The files that a name of `aiperf report --format` stands for; empty for an unknown one. */
export function filesOfFormat(format: string): readonly ResultFileKind[] {
  return ROWS.flatMap(([kind, row]) => (row.format === format ? [kind] : []));
}

/** The names that `aiperf report --format` takes. */
export const FILE_FORMATS: readonly string[] = [...new Set(ROWS.flatMap(([, { format }]) => format ?? []))];

/** Name of a file in a run directory. */
export function resultFileName(kind: ResultFileKind, prefix?: string): string {
  const { name, prefixed } = FILES[kind];
  return prefix === undefined || prefixed === undefined ? name : prefixed.replace('*', () => prefix);
}

/** Any of these in a directory means that a run has left its results there. */
export function resultFileNames(prefix?: string): ReadonlySet<string> {
  return new Set(ROWS.flatMap(([kind]) => [resultFileName(kind), resultFileName(kind, prefix)]));
}

/** One file of a run. */
export interface ResultFile {
  readonly kind: ResultFileKind;
  readonly path: string;
}
