import type { ErrorCount, MetricResult } from '@aiperf/metrics';
import { narrowestWidth, renderBoxTable, type BoxTable } from './box-table.ts';
import { plainText, wrapText } from './display-width.ts';
import { groupedTwoDecimals } from './number-format.ts';
import { isFinite } from './result-order.ts';

const STATISTIC_COLUMNS = ['avg', 'min', 'max', 'p99', 'p90', 'p50', 'std'] as const;
type StatisticColumn = (typeof STATISTIC_COLUMNS)[number];

/** Which columns a narrow terminal loses first. */
const DROP_ORDER: readonly StatisticColumn[] = ['std', 'min', 'p90', 'max', 'p50'];

/** Headers longer than this have their unit on a second line. */
const HEADER_LIMIT = 30;
/** A narrower metric column is no longer readable. */
const METRIC_MIN_WIDTH = 24;
const MESSAGE_MIN_WIDTH = 20;
/** An error message is often a whole HTML page; the JSON summary has all of it. */
const MESSAGE_LIMIT = 500;
/** A server that names the request in its messages makes a kind of each; a thousand of them would scroll every number away. */
const ERRORS_MAX = 20;

/** Failed requests by kind, which are given with the most frequent first; the many that hardly occur are only counted. */
export function renderErrorTable(errors: readonly ErrorCount[], widthColumns: number): string[] {
  const table: BoxTable = {
    title: 'AIPerf | Error Summary',
    columns: [
      { header: 'Code', align: 'right' },
      { header: 'Type', align: 'right' },
      { header: 'Message', align: 'left', shrinkToWidth: MESSAGE_MIN_WIDTH },
      { header: 'Count', align: 'right' },
    ],
    rows: errors
      .slice(0, ERRORS_MAX)
      .map(({ code, type, message, count }) => [
        code === null ? 'N/A' : String(code),
        plainText(type),
        shortened(plainText(message)),
        String(count),
      ]),
  };
  return [...renderBoxTable(table, widthColumns), ...leftOutErrors(errors.slice(ERRORS_MAX), widthColumns)];
}

function leftOutErrors(errors: readonly ErrorCount[], widthColumns: number): string[] {
  if (errors.length === 0) return [];
  const requests = errors.reduce((sum, { count }) => sum + count, 0);
  const note = `Left out: ${errors.length} less frequent errors of ${requests} requests. The JSON summary has them.`;
  return wrapText(note, widthColumns);
}

/** Metrics in the order given. What does not fit the width is left out by whole columns, and a line below says so. */
export function renderMetricTable(title: string, results: readonly MetricResult[], widthColumns: number): string[] {
  let statistics: readonly StatisticColumn[] = STATISTIC_COLUMNS;
  const table = (): BoxTable => ({
    title,
    columns: [
      { header: 'Metric', align: 'right', shrinkToWidth: METRIC_MIN_WIDTH },
      ...statistics.map((header) => ({ header, align: 'right' as const })),
    ],
    rows: results.map((result) => [metricName(result), ...statistics.map((statistic) => cell(result[statistic]))]),
  });
  const dropped: StatisticColumn[] = [];
  for (const statistic of DROP_ORDER) {
    if (narrowestWidth(table()) <= widthColumns) break;
    statistics = statistics.filter((other) => other !== statistic);
    dropped.push(statistic);
  }
  const note = `Left out for want of width: ${dropped.join(', ')}. The result files have them.`;
  return [...renderBoxTable(table(), widthColumns), ...(dropped.length > 0 ? wrapText(note, widthColumns) : [])];
}

function metricName({ header, unit }: MetricResult): string {
  return header.length > HEADER_LIMIT ? `${header}\n(${unit})` : `${header} (${unit})`;
}

function cell(value: number | undefined): string {
  return isFinite(value) ? groupedTwoDecimals(value) : 'N/A';
}

function shortened(text: string): string {
  return text.length <= MESSAGE_LIMIT ? text : `${text.slice(0, MESSAGE_LIMIT).trimEnd()}…`;
}
