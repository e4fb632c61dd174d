import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RecordBatchReader, tableFromIPC } from 'apache-arrow';

/** What the tests look at in a row of the record file. */
export interface RecordRow {
  readonly session_num: bigint;
  readonly x_request_id: string;
  readonly benchmark_phase: string;
  readonly worker_id: string;
  readonly record_processor_id: string;
  readonly was_cancelled: boolean;
  readonly valid: boolean;
  readonly error_code: number | null;
  readonly error_kind: string | null;
  readonly error_type: string | null;
  readonly finish_reason: string | null;
  readonly input_sequence_length: number | null;
  readonly output_sequence_length: number | null;
  readonly usage_completion_tokens: number | null;
  readonly connection_reused: boolean;
  readonly resent_count: number;
  readonly request_start_offset_ns: bigint | null;
}

export interface SummaryMetric {
  readonly unit: string;
  readonly avg?: number;
  readonly count?: number;
}

/** What the tests look at in the summary file; metrics by their tags. */
export interface Summary {
  readonly was_cancelled: boolean;
  readonly error_summary: readonly {
    readonly error_details: { readonly code: number | null; readonly type: string; readonly message: string };
    readonly count: number;
  }[];
  readonly request_count?: SummaryMetric;
  readonly error_request_count?: SummaryMetric;
  readonly time_to_first_token?: SummaryMetric;
  readonly output_sequence_length?: SummaryMetric;
}

/** Rows of a finished record file, read by arrow-js from its footer. */
export function readRows(runDirectory: string): readonly RecordRow[] {
  const table = tableFromIPC(readFileSync(join(runDirectory, 'profile_export.arrow')));
  return table.toArray().map((row) => row.toJSON() as RecordRow);
}

/** Rows of a record file without footer, read as the stream that follows its first 8 bytes; a message that was cut is left out. */
export function readRowsOfStream(path: string): readonly RecordRow[] {
  const rows: RecordRow[] = [];
  try {
    const reader = RecordBatchReader.from(readFileSync(path).subarray(8)).open();
    for (const batch of reader) rows.push(...batch.toArray().map((row) => row.toJSON() as RecordRow));
  } catch (error) {
    if (rows.length === 0) throw error;
  }
  return rows;
}

export function readSummary(runDirectory: string): Summary {
  return JSON.parse(readFileSync(join(runDirectory, 'profile_export_aiperf.json'), 'utf8')) as Summary;
}

/** One line of `profile_export.jsonl`. */
export interface JsonlRecord {
  readonly metadata: {
    readonly benchmark_phase: string;
    readonly was_cancelled: boolean;
    readonly x_request_id: string;
  };
  readonly metrics: Readonly<Record<string, { readonly value: unknown; readonly unit: string }>>;
  readonly error?: { readonly code: number | null; readonly type: string; readonly message: string } | null;
}

export function readJsonl(runDirectory: string): readonly JsonlRecord[] {
  const text = readFileSync(join(runDirectory, 'profile_export.jsonl'), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as JsonlRecord]));
}

/** Value of a metric that has a single value in the CSV. */
export function csvValue(runDirectory: string, header: string): number | undefined {
  const text = readFileSync(join(runDirectory, 'profile_export_aiperf.csv'), 'utf8');
  const line = text.split(/\r?\n/u).find((line) => line.startsWith(`${header},`));
  return line === undefined ? undefined : Number(line.slice(header.length + 1));
}

export function logOf(runDirectory: string): string {
  return readFileSync(join(runDirectory, 'logs', 'aiperf.log'), 'utf8');
}

export interface InputsFile {
  readonly data: readonly { readonly session_id: string; readonly payloads: readonly object[] }[];
}

export function readInputs(runDirectory: string): InputsFile {
  return JSON.parse(readFileSync(join(runDirectory, 'inputs.json'), 'utf8')) as InputsFile;
}

/** Whether a run left what only a run with results leaves. */
export function hasSummary(runDirectory: string): boolean {
  const names = ['profile_export_aiperf.json', 'profile_export_aiperf.csv', '.aiperf_results_ready.json'];
  const present = names.filter((name) => existsSync(join(runDirectory, name)));
  if (present.length > 0 && present.length < names.length)
    throw new Error(`only ${present.join(', ')} of ${names.join(', ')}`);
  return present.length > 0;
}

/** Resolves when the run's log holds the text; rejects when that takes longer than any start should. */
export async function untilLogged(runDirectory: string, text: string, deadlineMs = 30_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  const path = join(runDirectory, 'logs', 'aiperf.log');
  while (!existsSync(path) || !readFileSync(path, 'utf8').includes(text)) {
    if (performance.now() > endMs) throw new Error(`${path} does not say ${JSON.stringify(text)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Resolves when a record file that is being written holds so many rows. */
export async function untilRows(path: string, count: number, deadlineMs = 30_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!existsSync(path) || readRowsOfStream(path).length < count) {
    if (performance.now() > endMs) throw new Error(`${path} has not got ${count} rows`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
