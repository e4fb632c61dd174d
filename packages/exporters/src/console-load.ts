import type { InvariantViolation, LoadReport } from '@aiperf/metrics';
import { renderBoxTable, type BoxTable } from './box-table.ts';
import { plainText } from './display-width.ts';
import { groupedTwoDecimals } from './number-format.ts';
import { renderPanel } from './panel.ts';

const NOTE_MIN_WIDTH = 20;

/** What must be read before any number: the server was not offered the load that was asked for. */
export function renderDegradedNotice(load: readonly LoadReport[], widthColumns: number): string[] {
  const degraded = load.filter(({ verdict }) => verdict === 'degraded');
  if (degraded.length === 0) return [];
  return renderPanel(
    'LOAD NOT DELIVERED AS ASKED',
    [
      ...degraded.map(({ phase, reason }) => `${plainText(phase)}: ${plainText(reason ?? 'the load was degraded')}`),
      'The numbers below are those of another load than the one that was asked for.',
    ],
    widthColumns,
  );
}

/** What was asked for and what was delivered, one row a phase. */
export function renderLoadTable(load: readonly LoadReport[], widthColumns: number): string[] {
  if (load.length === 0) return [];
  const headers = ['Sent', 'Completed', 'Failed', 'Cancelled', 'Never sent', 'Rate asked', 'Rate sent', 'Lag p99 (ms)'];
  const table: BoxTable = {
    title: 'AIPerf | Load',
    columns: [
      { header: 'Phase', align: 'left', shrinkToWidth: NOTE_MIN_WIDTH },
      { header: 'Mode', align: 'left' },
      ...headers.map((header) => ({ header, align: 'right' as const })),
      { header: 'Verdict', align: 'left' },
    ],
    rows: load.map((report) => [
      plainText(report.phase),
      report.mode.replaceAll('_', ' '),
      String(report.sent),
      String(report.completed),
      String(report.failed),
      String(report.cancelled),
      String(report.neverSent),
      number(report.askedRatePerSec),
      number(report.achievedRatePerSec),
      number(report.sendLagMs?.p99),
      report.verdict === 'not_applicable' ? '–' : report.verdict.replaceAll('_', ' '),
    ]),
  };
  return renderBoxTable(table, widthColumns);
}

/** Records or sums that contradict themselves. */
export function renderViolations(violations: readonly InvariantViolation[], widthColumns: number): string[] {
  if (violations.length === 0) return [];
  const lines = violations.map(
    ({ rule, count, example }) => `${rule.replaceAll('_', ' ')}: ${count} times, such as ${plainText(example)}`,
  );
  return renderPanel('Results That Contradict Themselves', lines, widthColumns);
}

function number(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? 'N/A' : groupedTwoDecimals(value);
}
