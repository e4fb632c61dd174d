/** Names of the files in a run directory. */
export const RESULT_FILES = {
  arrow: 'profile_export.arrow',
  json: 'profile_export_aiperf.json',
  csv: 'profile_export_aiperf.csv',
  jsonl: 'profile_export.jsonl',
  console: 'profile_export_console.txt',
  ready: '.aiperf_results_ready.json',
} as const;
export type ResultFileKind = keyof typeof RESULT_FILES;

/** Any of these in a directory means that a run has left its results there. */
export const RESULT_FILE_NAMES: readonly string[] = Object.values(RESULT_FILES);

/** One file of a run. */
export interface ResultFile {
  readonly kind: ResultFileKind;
  readonly path: string;
}
