import type { Finding } from './budget.ts';

const HEADINGS = ['scenario', 'measure', 'median', 'spread', 'bare loop', 'budget', ''] as const;

/** A text table of findings; a scenario is named in its first line only. */
export function renderFindings(findings: readonly Finding[]): string {
  const rows = findings.map((finding, index) => [
    findings[index - 1]?.scenario === finding.scenario ? '' : finding.scenario,
    finding.name,
    withUnit(finding.median, finding.unit),
    finding.values.length === 1 ? '' : `${figure(finding.min)} … ${figure(finding.max)}`,
    finding.bareMedian === undefined ? '' : withUnit(finding.bareMedian, finding.unit),
    budgetText(finding),
    finding.isMet === undefined ? '' : finding.isMet ? 'ok' : 'FAIL',
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(HEADINGS), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n');
}

function budgetText({ budget, unit }: Finding): string {
  if (budget === undefined) return '';
  return 'atMost' in budget ? `<= ${withUnit(budget.atMost, unit)}` : `>= ${withUnit(budget.atLeast, unit)}`;
}

function withUnit(value: number, unit: Finding['unit']): string {
  // Not measured in this run, as the way of single tokens when none had a stamp of its own.
  if (Number.isNaN(value)) return '–';
  if (unit === 'count') return value.toFixed(0);
  return unit === 'ratio' ? figure(value) : `${figure(value)} ${unit}`;
}

/** Three decimals for small values, fewer for large ones. */
function figure(value: number): string {
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 1000 ? 1 : magnitude >= 100 ? 2 : 3);
}
