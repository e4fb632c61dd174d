import type { InvariantViolation, LoadReport } from '@aiperf/metrics';
import { plainText } from './display-width.ts';
import { groupedTwoDecimals } from './number-format.ts';
import { renderPanel } from './panel.ts';

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

/** What was asked for and what was delivered, a paragraph a phase. */
export function renderLoad(load: readonly LoadReport[], widthColumns: number): string[] {
  return load.length === 0 ? [] : renderPanel('Load', load.map(describeLoad), widthColumns);
}

function describeLoad(report: LoadReport): string {
  const {
    phase,
    mode,
    verdict,
    askedRatePerSec: asked,
    achievedRatePerSec: achieved,
    interArrival,
    sendLagMs,
  } = report;
  const counts = [
    `${report.sent} sent`,
    ...counted({ completed: report.completed, failed: report.failed, cancelled: report.cancelled, lost: report.lost }),
    ...(report.neverSent > 0 ? [`${report.neverSent} never sent`] : []),
  ];
  const parts = [
    counts.join(', '),
    ...rate('asked', asked),
    ...rate('sent', achieved),
    ...(interArrival === undefined ? [] : [`interval ${number(interArrival.meanMs)} ms`]),
    ...(sendLagMs === undefined ? [] : [`send lag p50 ${number(sendLagMs.p50)} ms, p99 ${number(sendLagMs.p99)} ms`]),
    ...(verdict === 'not_applicable' ? [] : [verdict.replaceAll('_', ' ') + because(report)]),
  ];
  return `${plainText(phase)} (${mode.replaceAll('_', ' ')}): ${parts.join('; ')}`;
}

/** Said once more here: by now the notice above the tables has left the screen. */
function because({ verdict, reason }: LoadReport): string {
  return verdict === 'degraded' && reason !== undefined ? `: ${plainText(reason)}` : '';
}

function counted(counts: Readonly<Record<string, number>>): string[] {
  return Object.entries(counts).flatMap(([name, count]) =>
    count > 0 || name === 'completed' ? [`${count} ${name}`] : [],
  );
}

function rate(name: string, ratePerSec: number | undefined): string[] {
  return ratePerSec === undefined || !Number.isFinite(ratePerSec) ? [] : [`${name} ${number(ratePerSec)} requests/s`];
}

/** Records or sums that contradict themselves. */
export function renderViolations(violations: readonly InvariantViolation[], widthColumns: number): string[] {
  if (violations.length === 0) return [];
  const lines = violations.map(
    ({ rule, count, example }) => `${rule.replaceAll('_', ' ')}: ${count} times, such as ${plainText(example)}`,
  );
  return renderPanel('Results That Contradict Themselves', lines, widthColumns);
}

function number(value: number): string {
  return Number.isFinite(value) ? groupedTwoDecimals(value) : 'N/A';
}
