import type { ConsoleGroup, MetricDefinition, RunResults } from '@aiperf/metrics';
import { renderErrorTable, renderMetricTable } from './console-table.ts';
import { wrapText } from './display-width.ts';
import { twoDecimals } from './number-format.ts';
import type { ResultFile, ResultFileKind } from './result-files.ts';

/** Tables in the order in which they are shown. */
const GROUP_TITLES: readonly (readonly [group: ConsoleGroup, suffix: string])[] = [
  ['effective', ': Effective'],
  ['active', ': Active'],
  ['usage', ': Usage'],
  ['default', ''],
];

/** Files that are named at the end of a run, as AIPerf names them. */
const FILE_LABELS: readonly (readonly [kind: ResultFileKind, label: string])[] = [
  ['csv', 'CSV Export'],
  ['json', 'JSON Export'],
  ['arrow', 'Arrow Export'],
];

/** What the tables are made from. */
export interface ConsoleReportOptions {
  readonly results: RunResults;
  readonly definitions: readonly MetricDefinition[];
  /** Such as `LLM Metrics`. */
  readonly endpointTitle: string;
  /** Terminal cells a line may take. */
  readonly widthColumns: number;
}

/** What the last lines of a run say. */
export interface ClosingLinesOptions {
  readonly results: RunResults;
  /** As it was typed, secrets redacted. */
  readonly commandLine: string;
  readonly files: readonly ResultFile[];
  readonly logPath: string;
}

/** The report after a run: notice if it is incomplete, error table, metric tables. Without colours, with a newline at the end. */
export function renderConsoleReport(options: ConsoleReportOptions): string {
  const { results, definitions, endpointTitle, widthColumns } = options;
  const lines: string[] = [];
  if (!results.isComplete || results.lostCount > 0) lines.push(...incompleteNotice(results, widthColumns), '', '');
  else if (results.cancelledCount > 0) lines.push(...wrapText(cancelledNotice(results), widthColumns), '', '');
  if (results.errors.length > 0) lines.push(...renderErrorTable(results.errors, widthColumns), '', '');
  const byTag = new Map(definitions.map((definition) => [definition.tag, definition]));
  // When every request failed there is nothing to summarise; the error table says why.
  const groups = results.requestCount === 0 ? [] : GROUP_TITLES;
  for (const [group, suffix] of groups) {
    const members = results.profiling.flatMap((result) => {
      const definition = byTag.get(result.tag);
      // The error table has them by kind.
      if (definition?.flags.includes('error_only')) return [];
      return definition?.consoleGroup === group ? [{ result, order: definition.displayOrder ?? Number.MAX_VALUE }] : [];
    });
    const ordered = members.toSorted((a, b) => a.order - b.order).map(({ result }) => result);
    if (ordered.length > 0)
      lines.push(...renderMetricTable(`AIPerf | ${endpointTitle}${suffix}`, ordered, widthColumns));
  }
  while (lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${line}\n`).join('');
}

/** Command, duration and paths. Lines are not wrapped, so that the command and the paths can be copied. */
export function renderClosingLines({ results, commandLine, files, logPath }: ClosingLinesOptions): string {
  const lines = [`CLI Command: ${commandLine}`];
  const duration = results.profiling.find(({ tag }) => tag === 'benchmark_duration');
  if (duration !== undefined) {
    lines.push(
      `Benchmark Duration: ${twoDecimals(duration.avg)} ${duration.unit}${results.wasCancelled ? ' (cancelled early)' : ''}`,
    );
  }
  for (const [kind, label] of FILE_LABELS) {
    const file = files.find((candidate) => candidate.kind === kind);
    if (file !== undefined) lines.push(`${label}: ${file.path}`);
  }
  lines.push(`Log File: ${logPath}`);
  return lines.map((line) => `${line}\n`).join('');
}

/** A complete run cancels requests at the end of the grace period only. They are the slow ones, so their absence flatters every latency. */
function cancelledNotice({ cancelledCount }: RunResults): string {
  const requests = cancelledCount === 1 ? '1 request was' : `${cancelledCount} requests were`;
  return `${requests} cancelled at the end of the grace period and take part in no metric. A longer --benchmark-grace-period waits for them.`;
}

function incompleteNotice(results: RunResults, widthColumns: number): string[] {
  const facts = [
    results.incompleteReason ?? (results.wasCancelled ? 'The run was cancelled.' : 'Some of the requests are missing.'),
    ...(results.cancelledCount > 0 ? [`Cancelled in flight: ${results.cancelledCount} requests.`] : []),
    ...(results.lostCount > 0 ? [`Sent, but left no record: ${results.lostCount} requests.`] : []),
    'The numbers below describe only what was recorded; do not compare them with those of a complete run.',
  ];
  return ['AIPerf | INCOMPLETE RESULTS', ...facts.flatMap((fact) => wrapText(fact, widthColumns))];
}
