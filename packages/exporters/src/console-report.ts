import type { MetricDefinition, RunResults } from '@aiperf/metrics';
import { renderDegradedNotice, renderLoad, renderViolations } from './console-load.ts';
import { renderErrorHints } from './console-error-hints.ts';
import { renderErrorTable, renderMetricTable } from './console-table.ts';
import { renderWarnings } from './console-warnings.ts';
import { wrapText } from './display-width.ts';
import { twoDecimals } from './number-format.ts';
import { FILE_LABELS, type ResultFile } from './result-files.ts';

/** Tables in the order in which they are shown. */
const GROUP_TITLES: readonly (readonly [group: string, suffix: string])[] = [
  ['effective', ': Effective'],
  ['active', ': Active'],
  ['usage', ': Usage'],
  ['cache', ': Cache'],
  ['prediction', ': Prediction'],
  ['audio', ': Audio'],
  ['reasoning', ': Reasoning'],
  ['default', ''],
  ['spec_decode', ': Spec Decode'],
];

/** Beginning of the tags of metrics in which failed requests count as infinitely slow. */
const ADJUSTED = /^adj_/u;
/** Rows without a place of their own come after all that have one. */
const LAST_ORDER = 1_000_000;
/** Metrics of the phases of an HTTP request begin so. */
const TRACE_TAG = /^http_req_/u;

/** What the tables are made from. */
export interface ConsoleReportOptions {
  readonly results: RunResults;
  readonly definitions: readonly MetricDefinition[];
  /** Such as `LLM Metrics`. */
  readonly endpointTitle: string;
  /** Terminal cells a line may take. */
  readonly widthColumns: number;
  /** Adds the table of the phases of HTTP requests. */
  readonly showsTraceTiming?: boolean;
}

/** What the last lines of a run say. */
export interface ClosingLinesOptions {
  readonly results: RunResults;
  /** As it was typed, secrets redacted. */
  readonly commandLine: string;
  readonly files: readonly ResultFile[];
  readonly logPath: string;
}

/**
 * The report after a run: notices of what makes it another run than was asked for, error table, metric tables, warnings. Without colours,
 * with a newline at the end.
 */
export function renderConsoleReport(options: ConsoleReportOptions): string {
  const { results, widthColumns, showsTraceTiming = false } = options;
  const { load = [], violations = [] } = results;
  const lines: string[] = [];
  if (!results.isComplete || results.lostCount > 0) lines.push(...incompleteNotice(results, widthColumns), '', '');
  else if (results.cancelledCount > 0) lines.push(...wrapText(cancelledNotice(results), widthColumns), '', '');
  lines.push(...spaced(renderDegradedNotice(load, widthColumns)), ...spaced(renderErrorHints(results, widthColumns)));
  if (results.errors.length > 0) lines.push(...renderErrorTable(results.errors, widthColumns), '', '');
  if (showsTraceTiming) lines.push(...spaced(traceTable(options)));
  // When every request failed there is nothing to summarise; the error table says why.
  if (results.requestCount > 0) lines.push(...metricTables(options));
  lines.push(...renderLoad(load, widthColumns), ...renderViolations(violations, widthColumns));
  if (results.requestCount > 0) lines.push(...renderWarnings(results, widthColumns));
  while (lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${line}\n`).join('');
}

function metricTables({ results, definitions, endpointTitle, widthColumns }: ConsoleReportOptions): string[] {
  const byTag = new Map(definitions.map((definition) => [definition.tag, definition]));
  const lines: string[] = [];
  for (const [group, suffix] of GROUP_TITLES) {
    const members = results.profiling.flatMap((result) => {
      const own = byTag.get(result.tag);
      const definition = own ?? byTag.get(result.tag.replace(ADJUSTED, ''));
      // The error table has them by kind.
      if (definition?.flags.includes('error_only')) return [];
      const order = (own?.displayOrder ?? LAST_ORDER) + (own === undefined ? (definition?.displayOrder ?? 0) : 0);
      return definition?.consoleGroup === group ? [{ result, order }] : [];
    });
    const ordered = members.toSorted((a, b) => a.order - b.order).map(({ result }) => result);
    if (ordered.length > 0)
      lines.push(...renderMetricTable(`AIPerf | ${endpointTitle}${suffix}`, ordered, widthColumns));
  }
  return lines;
}

/** Phases of HTTP requests, from waiting for a connection to the total. */
function traceTable({ results, definitions, widthColumns }: ConsoleReportOptions): string[] {
  const order = new Map(definitions.map(({ tag, displayOrder = Number.MAX_VALUE }) => [tag, displayOrder]));
  const rows = results.profiling
    .filter(({ tag }) => TRACE_TAG.test(tag))
    .toSorted((a, b) => (order.get(a.tag) ?? Number.MAX_VALUE) - (order.get(b.tag) ?? Number.MAX_VALUE));
  return rows.length === 0 ? [] : renderMetricTable('AIPerf | HTTP Trace Timing', rows, widthColumns);
}

function spaced(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? lines : [...lines, '', ''];
}

/** Command, duration and paths. Lines are not wrapped, so that the command and the paths can be copied. */
export function renderClosingLines({ results, commandLine, files, logPath }: ClosingLinesOptions): string {
  const lines = [`CLI Command: ${commandLine}`];
  const { taken = [] } = results.hostTuning ?? {};
  if (taken.length > 0) lines.push(`Host Tuning: ${taken.join(', ')}`);
  const duration = results.profiling.find(({ tag }) => tag === 'benchmark_duration');
  if (duration?.avg !== undefined) {
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

/** What the grace period ended are the slow ones, so their absence flatters every latency. */
function cancelledNotice({ cancelledCount }: RunResults): string {
  const [requests, take] =
    cancelledCount === 1 ? ['1 request was', 'takes'] : [`${cancelledCount} requests were`, 'take'];
  return `${requests} cancelled and ${take} part in no metric: by --request-cancellation-rate, or at the end of the grace period, which a longer --benchmark-grace-period avoids.`;
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
