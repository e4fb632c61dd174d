import type { MetricResult, RunResults } from '@aiperf/metrics';
import { twoDecimals } from './number-format.ts';
import { byTag, hasPercentiles, isFinite } from './result-order.ts';

/** Statistics in the order of AIPerf's CSV files. */
export const CSV_STATISTICS = [
  'avg',
  'min',
  'max',
  'sum',
  'p1',
  'p5',
  'p10',
  'p25',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
  'std',
] as const;
const GPU_COLUMNS = ['Endpoint', 'GPU_Index', 'GPU_Name', 'GPU_UUID', 'Platform', 'Metric', ...CSV_STATISTICS];

/** Units that the header says already. */
const SILENT_UNITS: ReadonlySet<string> = new Set(['count', 'requests']);

/** Text of `profile_export_aiperf.csv`: metrics with percentiles, then scalars, then the GPU section's header. Lines end in CRLF. */
export function renderCsvSummary(results: RunResults): string {
  const sorted = byTag(results.profiling);
  const wide = sorted.filter(hasPercentiles);
  const scalars = sorted.filter((result) => !hasPercentiles(result));
  const lines: string[] = [];
  if (wide.length > 0) {
    lines.push(['Metric', ...CSV_STATISTICS].join(','));
    for (const result of wide)
      lines.push([csvName(result), ...CSV_STATISTICS.map((column) => cell(result[column]))].join(','));
  }
  if (scalars.length > 0) {
    if (wide.length > 0) lines.push('');
    lines.push('Metric,Value');
    for (const result of scalars) lines.push(`${csvName(result)},${cell(result.avg)}`);
  }
  lines.push('', '', GPU_COLUMNS.join(','), '');
  return lines.join('\r\n');
}

function csvName({ header, unit }: MetricResult): string {
  const name = SILENT_UNITS.has(unit) ? header : `${header} (${unit})`;
  return csvField(name);
}

/** A text as a field, in quotes where it needs them. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cell(value: number | undefined): string {
  return isFinite(value) ? twoDecimals(value) : '';
}
