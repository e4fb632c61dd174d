import { keepsBudget, type Measurement } from './program.ts';

/** The table at the end of a run. */
export function renderTable(measurements: readonly Measurement[]): string {
  const rows = measurements.map((measurement) => [
    measurement.program,
    measurement.measure,
    `${formatValue(measurement.value)} ${measurement.unit}`,
    renderBudget(measurement),
    renderVerdict(measurement),
  ]);
  const all = [['program', 'measure', 'value', 'budget', ''], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function renderBudget({ budget }: Measurement): string {
  if (budget === undefined) return '';
  return 'atLeast' in budget ? `>= ${formatValue(budget.atLeast)}` : `<= ${formatValue(budget.atMost)}`;
}

function renderVerdict(measurement: Measurement): string {
  const isKept = keepsBudget(measurement);
  if (isKept === undefined) return '';
  return isKept ? 'ok' : 'MISSED';
}

function formatValue(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
