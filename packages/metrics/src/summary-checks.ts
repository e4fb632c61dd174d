import type { InvariantViolation, LoadReport, MetricResult } from './metric-definition.ts';
import { PERCENTILE_NAMES } from './stats/percentile.ts';
import type { PhaseRows } from './row-counts.ts';

/** Rounding of sums is no contradiction. */
const RELATIVE_TOLERANCE = 1e-9;
const LITTLE_TOLERANCE = 0.05;

/** Collects contradictions by rule. */
class Violations {
  readonly #found = new Map<string, { count: number; readonly example: string }>();

  add(rule: string, example: string): void {
    const found = this.#found.get(rule);
    if (found === undefined) this.#found.set(rule, { count: 1, example });
    else found.count++;
  }

  get list(): InvariantViolation[] {
    return Array.from(this.#found, ([rule, found]) => ({ rule, ...found }));
  }
}

/** Numbers that are no number, and statistics of one metric that cannot belong together. */
export function checkStatistics(results: readonly MetricResult[]): InvariantViolation[] {
  const violations = new Violations();
  for (const result of results) {
    for (const [name, value] of Object.entries(result)) {
      if (typeof value === 'number' && !Number.isFinite(value)) {
        violations.add('statistic_not_finite', `${name} of ${result.tag} is ${value}`);
      }
    }
    const ladder = (['min', ...PERCENTILE_NAMES, 'max'] as const).flatMap((name) => {
      const value = result[name];
      return value === undefined ? [] : [{ name, value }];
    });
    for (const [index, { name, value }] of ladder.entries()) {
      const before = ladder[index - 1];
      if (before !== undefined && before.value > value + tolerance(value)) {
        violations.add(
          'statistics_out_of_order',
          `${result.tag}: ${before.name} ${before.value} is above ${name} ${value}`,
        );
      }
    }
    const { avg, min, max } = result;
    if (avg === undefined || min === undefined || max === undefined) continue;
    if (avg < min - tolerance(min) || avg > max + tolerance(max)) {
      violations.add('statistics_out_of_order', `${result.tag}: avg ${avg} is not between min ${min} and max ${max}`);
    }
  }
  return violations.list;
}

function tolerance(value: number): number {
  return Math.abs(value) * RELATIVE_TOLERANCE;
}

/** What is known of a phase from three sides: the timing manager, the record processors, and the rows. */
export interface PhaseCheck {
  readonly name: string;
  readonly counts: Pick<LoadReport, 'sent' | 'completed' | 'failed' | 'cancelled' | 'lost'>;
  /** As the record processors counted while the rows came. */
  readonly arrived: PhaseRows;
  readonly survey: PhaseRows;
  /** False when the phase was not seen to its end. */
  readonly isComplete: boolean;
}

/** Counts of one thing that differ. */
export function checkCounts(phases: readonly PhaseCheck[]): InvariantViolation[] {
  const violations = new Violations();
  for (const { name, counts, arrived, survey, isComplete } of phases) {
    const { rows, errors, cancelled } = survey;
    if (rows !== arrived.rows || errors !== arrived.errors || cancelled !== arrived.cancelled) {
      violations.add(
        'rows_not_as_counted',
        `phase ${name}: ${arrived.rows} rows, ${arrived.errors} failed and ${arrived.cancelled} cancelled arrived; the file has ${rows}, ${errors} and ${cancelled}`,
      );
    }
    if (!isComplete) continue;
    const ended = counts.completed + counts.failed + counts.cancelled + counts.lost;
    if (ended !== counts.sent) {
      violations.add(
        'sent_not_accounted_for',
        `phase ${name}: ${counts.sent} requests were sent, ${ended} came to an end`,
      );
    }
    if (rows > counts.sent) {
      violations.add('more_rows_than_sent', `phase ${name}: ${counts.sent} requests were sent, ${rows} left a record`);
    }
  }
  return violations.list;
}

/** Little's law over a steady stretch of time. */
export interface SteadyPart {
  /** Time-weighted mean number in flight, from the curve. */
  readonly inFlight: number;
  /** Requests that ended in it, per second, and how long each took. */
  readonly endedPerSec: number;
  readonly meanSec: number;
  /** Share of the time in flight that belongs to requests which lie across an edge. */
  readonly edgeShare: number;
}

/** In flight = rate x time in flight, within 5 %. Nothing is said where the edges alone could make half of that. */
export function checkLittlesLaw(steady: SteadyPart): InvariantViolation[] {
  const { inFlight, endedPerSec, meanSec, edgeShare } = steady;
  const expected = endedPerSec * meanSec;
  if (!(expected > 0) || edgeShare > LITTLE_TOLERANCE / 2) return [];
  if (Math.abs(inFlight / expected - 1) <= LITTLE_TOLERANCE) return [];
  const example = `${inFlight} requests in flight, but ${endedPerSec} requests/s of ${meanSec} s each make ${expected}`;
  return [{ rule: 'littles_law', count: 1, example }];
}

/** More requests in flight than the concurrency that was asked for. */
export function checkConcurrency(results: readonly MetricResult[], limit: number | undefined): InvariantViolation[] {
  const max = results.find(({ tag }) => tag === 'effective_concurrency')?.max;
  if (limit === undefined || max === undefined || max <= limit) return [];
  return [
    {
      rule: 'in_flight_above_concurrency',
      count: 1,
      example: `${max} requests in flight with a concurrency of ${limit}`,
    },
  ];
}
