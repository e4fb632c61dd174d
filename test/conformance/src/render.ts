import type { Difference } from './checks.ts';
import type { TimeError } from './compare-times.ts';
import type { KnownDifference } from './known-differences.ts';

/** One line of the table. */
export interface ScenarioReport {
  readonly scenario: string;
  readonly compared: number;
  readonly equal: number;
  readonly known: readonly Difference[];
  readonly unlisted: readonly Difference[];
  readonly stale: readonly KnownDifference[];
  readonly timeErrors: readonly TimeError[];
}

/** The table of scenarios. */
export function renderReports(reports: readonly ScenarioReport[]): string {
  const heading = ['scenario', 'compared', 'equal', 'known differences', 'new differences', 'no longer there'];
  const rows = reports.map(({ scenario, compared, equal, known, unlisted, stale }) => [
    scenario,
    ...[compared, equal, known.length, unlisted.length, stale.length].map(String),
  ]);
  return renderTable(heading, rows);
}

/** How far each tool's times are from the server's own stamps. */
export function renderTimeErrors(reports: readonly ScenarioReport[]): string {
  const heading = ['scenario', 'client minus server', 'AIPerf p50', 'p99', 'ours p50', 'p99'];
  const rows = reports.flatMap(({ scenario, timeErrors }) =>
    [...new Set(timeErrors.map(({ measure }) => measure))].map((measure) => {
      const figures = (tool: TimeError['tool']): string[] => {
        const found = timeErrors.find((error) => error.measure === measure && error.tool === tool);
        return [found?.p50Ms, found?.p99Ms].map((value) => `${(value ?? Number.NaN).toFixed(3)} ms`);
      };
      return [scenario, measure].concat(figures('theirs'), figures('ours'));
    }),
  );
  return renderTable(heading, rows);
}

/** What made a scenario fail, line by line. */
export function renderProblems(reports: readonly ScenarioReport[]): string {
  return reports
    .flatMap(({ scenario, unlisted, stale }) => [
      ...unlisted.map(
        ({ id, theirs, ours }) => `NEW    ${scenario}: ${id}\n         AIPerf: ${theirs}\n         ours:   ${ours}`,
      ),
      ...stale.map(({ id, line }) => `GONE   ${scenario}: ${id} (line ${line} of known-differences.txt must go)`),
    ])
    .join('\n');
}

function renderTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((text, column) => Math.max(text.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number): boolean =>
    heading[column] === 'scenario' || heading[column] === 'client minus server';
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(heading), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}
