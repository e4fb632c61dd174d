import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../processes.ts';
import { recordingLine, type RecordedRow } from './recording.ts';
import type { MetricsView } from './views.ts';

/** Statistics by tag, in display units. */
export type ReferenceSummary = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/** What AIPerf says of a view. */
export interface ReferenceView {
  /** Kind of every registered metric. */
  readonly kinds: ReadonlyMap<string, 'record' | 'aggregate' | 'derived'>;
  /** By the request's place in the recording; values in native units. */
  readonly rows: ReadonlyMap<
    number,
    { readonly error: string | null; readonly metrics: Readonly<Record<string, number | readonly number[] | string>> }
  >;
  readonly summary: ReferenceSummary;
  readonly slices: readonly { readonly isComplete: boolean; readonly metrics: ReferenceSummary }[];
}

type Line =
  | { readonly registry: Readonly<Record<string, 'record' | 'aggregate' | 'derived'>> }
  | ({ readonly view: string; readonly row: number } & (ReferenceView['rows'] extends ReadonlyMap<number, infer R>
      ? R
      : never))
  | { readonly view: string; readonly summary: ReferenceSummary; readonly slices: ReferenceView['slices'] };

/** Lets AIPerf's own code compute every view from the recording. */
export async function computeTheirs(
  python: string,
  views: readonly MetricsView[],
  rows: readonly RecordedRow[],
  directory: string,
): Promise<ReadonlyMap<string, ReferenceView>> {
  const paths = ['views.json', 'recording.jsonl', 'reference.jsonl'].map((name) => join(directory, name));
  const [viewsPath = '', recordingPath = '', outputPath = ''] = paths;
  const described = views.map(({ name, options, rttNs, includes, mode }) => ({
    name,
    options,
    rttNs: rttNs ?? null,
    isScheduled: mode.fixedSchedule,
    rows: rows.flatMap((row, index) => (includes(row) ? [index] : [])),
  }));
  await writeFile(viewsPath, JSON.stringify(described));
  await writeFile(recordingPath, `${rows.map(recordingLine).join('\n')}\n`);
  const script = new URL('reference_metrics.py', import.meta.url).pathname;
  const { exitCode, output } = await runProgram(python, [script, viewsPath, recordingPath, outputPath], directory);
  if (exitCode !== 0) throw new Error(`the reference ended with code ${String(exitCode)}\n${output.slice(-4000)}`);
  return readOutput(await readFile(outputPath, 'utf8'));
}

function readOutput(text: string): ReadonlyMap<string, ReferenceView> {
  const views = new Map<string, ReferenceView>();
  let kinds: ReferenceView['kinds'] = new Map();
  let rows = new Map<number, ReferenceView['rows'] extends ReadonlyMap<number, infer R> ? R : never>();
  for (const lineText of text.split('\n')) {
    if (lineText === '') continue;
    const line = JSON.parse(lineText) as Line;
    if ('registry' in line) {
      kinds = new Map(Object.entries(line.registry));
    } else if ('row' in line) {
      rows.set(line.row, line);
    } else {
      // A view's summary comes after its requests.
      views.set(line.view, { kinds, rows, summary: line.summary, slices: line.slices });
      rows = new Map();
    }
  }
  return views;
}
