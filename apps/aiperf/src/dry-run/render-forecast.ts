import type { PhaseForecast, RunForecast, SimulatedRequest } from '@aiperf/timing/simulation';
import { describePhase } from './describe-phase.ts';
import type { PhaseBook } from './phase-book.ts';

/** What a dry run has found out. */
export interface DryRunReport {
  readonly forecast: RunForecast;
  /** One a phase, in their order. */
  readonly books: readonly PhaseBook[];
  readonly conversationId: (conversationIndex: number) => string;
  /** Lines about what this host allows. */
  readonly host: readonly string[];
  /** Lines about what was taken for granted. */
  readonly assumptions: readonly string[];
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const threeDecimals = new Intl.NumberFormat('en-US', { minimumFractionDigits: 3, maximumFractionDigits: 3 });
const twoDecimals = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The schedule's first and last requests and the forecast, as text. */
export function renderForecast(report: DryRunReport): string {
  const { forecast, books, host, assumptions } = report;
  const sections = [
    ['DRY RUN: nothing is sent'],
    ...forecast.phases.map((phase) => renderPhase(phase, books[phase.phaseIndex], report)),
    ['Forecast', ...renderTotals(forecast, books)],
    ['This host', ...host.map((line) => `  ${line}`)],
    ['Assumed', ...assumptions.map((line) => `  ${line}`)],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function renderPhase(forecast: PhaseForecast, book: PhaseBook | undefined, report: DryRunReport): string[] {
  if (book === undefined) return [];
  const row = (request: SimulatedRequest): string[] => [
    String(request.requestNumber),
    milliseconds(request.dueNs),
    milliseconds(request.sentNs),
    String(request.sessionNumber),
    `${request.turnIndex + 1}/${request.turnCount}`,
    report.conversationId(request.conversationIndex),
    milliseconds(request.cancelAfterNs),
  ];
  const hasCancellations = book.phase.cancellation !== undefined;
  const headings = ['Request', 'Due (ms)', 'Sent (ms)', 'Session', 'Turn', 'Conversation', 'Cancelled after (ms)'];
  const gap = book.leftOutCount > 0 ? [[`… ${whole.format(book.leftOutCount)} more`]] : [];
  const rows = [...book.first.map(row), ...gap, ...book.last.map(row)];
  const columns = hasCancellations ? headings.length : headings.length - 1;
  return [
    `${book.phase.name}: ${describePhase(book.phase)}`,
    ...alignRows([headings, ...rows].map((cells) => cells.slice(0, columns))),
    ...forecast.warnings.map((warning) => `  Warning: ${warning}`),
  ];
}

function renderTotals(forecast: RunForecast, books: readonly PhaseBook[]): string[] {
  const rows: [string, (phase: PhaseForecast, book: PhaseBook | undefined) => string][] = [
    ['Duration (s)', ({ durationNs }) => threeDecimals.format(durationNs / 1e9)],
    ['Last request sent after (s)', ({ sendingNs }) => threeDecimals.format(sendingNs / 1e9)],
    ['Requests', ({ counts }) => whole.format(counts.sent)],
    ['Requests a second, while sending', ({ counts, sendingNs }) => rate(counts.sent, sendingNs)],
    ['Sessions', ({ sessionCount }) => whole.format(sessionCount)],
    ['Requests in flight at most', ({ requestsInFlightMax }) => whole.format(requestsInFlightMax)],
    ['Sessions in flight at most', ({ sessionsInFlightMax }) => whole.format(sessionsInFlightMax)],
    ['Cancelled', ({ counts }) => whole.format(counts.cancelled)],
    ['Due and never sent', ({ neverSentCount }) => whole.format(neverSentCount)],
    ['Input tokens', (_phase, book) => whole.format(book?.inputTokens ?? 0)],
    ['Output tokens', (_phase, book) => whole.format(book?.outputTokens ?? 0)],
  ];
  const headings = ['', ...forecast.phases.map(({ phaseIndex }) => books[phaseIndex]?.phase.name ?? '')];
  const table = rows.map(([name, value]) =>
    [name].concat(forecast.phases.map((phase) => value(phase, books[phase.phaseIndex]))),
  );
  return [
    ...alignRows([headings, ...table], 'first'),
    `  All phases: ${threeDecimals.format(forecast.durationNs / 1e9)} s, ${whole.format(forecast.requestsInFlightMax)} requests in flight at most`,
  ];
}

/** Columns as wide as their widest cell, numbers to the right; a row of one cell is a remark. */
function alignRows(rows: readonly (readonly string[])[], left: 'none' | 'first' = 'none'): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    if (row.length === 1) continue;
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) =>
        left === 'first' && column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .reduce((line, cell) => `${line}  ${cell}`, '')
      .trimEnd(),
  );
}

function milliseconds(valueNs: number): string {
  return Number.isNaN(valueNs) ? '–' : threeDecimals.format(valueNs / 1e6);
}

/** Of the time between the first and the last. */
function rate(count: number, spanNs: number): string {
  return count < 2 || spanNs === 0 ? '–' : twoDecimals.format(((count - 1) * 1e9) / spanNs);
}
