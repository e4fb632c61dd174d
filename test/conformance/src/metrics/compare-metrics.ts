import type { Checks } from '../checks.ts';
import type { RecordedRow } from './recording.ts';
import type { ViewMetrics } from './our-metrics.ts';
import type { ReferenceSummary, ReferenceView } from './reference.ts';
import type { MetricsView } from './views.ts';

/** Relative difference that the order of additions may make. */
const TOLERANCE = 1e-9;
/** What AIPerf states of a metric. */
const STATS = [
  'unit',
  'avg',
  'min',
  'max',
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
  'count',
  'sum',
] as const;

/** For each tag, how many values of requests, and how many summaries' means or medians, were the same on both sides. */
export type Covered = Map<string, { rows: number; summaries: number }>;

/** Holds a view of ours against the reference's: request by request, then the summary, then the slices. */
export function compareView(
  checks: Checks,
  covered: Covered,
  view: MetricsView,
  rows: readonly RecordedRow[],
  theirs: ReferenceView,
  ours: ViewMetrics,
): void {
  checks.same('rows', theirs.rows.size, ours.rows.size);
  for (const [index, their] of theirs.rows) {
    const our = ours.rows.get(index);
    const rowClass = rows[index]?.rowClass ?? 'plain';
    const outcome = their.error === null ? 'valid' : 'failed';
    checks.holds(`outcome@${rowClass}`, outcome === our?.outcome, `${outcome} ${their.error ?? ''}`, our?.outcome);
    if (our === undefined || outcome !== our.outcome || view.compares === 'outcomes') continue;
    for (const tag of new Set([...Object.keys(their.metrics), ...our.values.keys()])) {
      const isStored = our.values.has(tag) || theirs.kinds.get(tag) === 'record';
      // What only one side keeps for each request is compared in the summary.
      if (!isStored || !theirs.kinds.has(tag)) continue;
      const [theirValue, ourValue] = [their.metrics[tag], our.values.get(tag)];
      const isSame = isClose(theirValue, ourValue);
      // When an event came decides most of the metrics.
      checks.holds(`row@${rowClass}/${rowClass === 'split' ? '*' : tag}`, isSame, theirValue, ourValue);
      if (isSame) count(covered, tag, 'rows');
    }
  }
  checks.same('violations', [], ours.violations);
  if (view.compares !== undefined) return;
  compareSummary(checks, covered, 'summary', theirs.summary, ours.summary);
  checks.same('slices', theirs.slices.length, ours.slices.length);
  for (const [index, { isComplete, metrics }] of theirs.slices.entries()) {
    const slice = ours.slices[index];
    checks.same('slices/is-complete', isComplete, slice?.isComplete);
    compareSummary(checks, covered, 'slice', metrics, slice?.metrics ?? []);
  }
}

function compareSummary(
  checks: Checks,
  covered: Covered,
  id: string,
  theirs: ReferenceSummary,
  ours: ViewMetrics['summary'],
): void {
  const ourByTag = new Map(ours.map((result) => [result.tag, result]));
  for (const tag of checks.members(id, Object.keys(theirs), ourByTag.keys())) {
    let isCovered = false;
    for (const stat of STATS) {
      const [their, our] = [theirs[tag]?.[stat], ourByTag.get(tag)?.[stat]];
      if (their === undefined && our === undefined) continue;
      const isSame = stat === 'std' ? isCloseStd(their, our, theirs[tag]?.['max']) : isClose(their, our);
      checks.holds(`${id}/${tag}/${stat}`, isSame, their, our);
      // Of an error-adjusted latency the mean is infinite.
      isCovered ||= isSame && (stat === 'avg' || stat === 'p50');
    }
    if (isCovered) count(covered, tag, 'summaries');
  }
}

function count(covered: Covered, tag: string, kind: 'rows' | 'summaries'): void {
  const counts = covered.get(tag) ?? { rows: 0, summaries: 0 };
  counts[kind] += 1;
  covered.set(tag, counts);
}

function isClose(theirs: unknown, ours: unknown): boolean {
  if (typeof theirs === 'number' && typeof ours === 'number') {
    return Math.abs(theirs - ours) <= TOLERANCE * Math.max(Math.abs(theirs), Math.abs(ours));
  }
  if (Array.isArray(theirs) && Array.isArray(ours)) {
    return theirs.length === ours.length && theirs.every((value, index) => isClose(value, ours[index]));
  }
  return theirs === ours;
}

/** A spread is a difference of the values, so it is as exact as the largest of them. */
function isCloseStd(theirs: unknown, ours: unknown, max: unknown): boolean {
  if (typeof theirs !== 'number' || typeof ours !== 'number') return theirs === ours;
  const scale = Math.max(Math.abs(theirs), typeof max === 'number' ? Math.abs(max) * 1e-3 : 0);
  return Math.abs(theirs - ours) <= TOLERANCE * scale;
}
