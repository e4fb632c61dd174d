import { intervalLaw, ksDistance } from '@aiperf/timing/interval-law';
import type { Budget, Measurement } from '../budget.ts';
import { runAiperf } from '../client-run.ts';
import { DistributionMs } from '../distribution.ts';
import type { PairedStamps } from '../pair-stamps.ts';
import type { Scenario } from '../scenario.ts';
import { ArrivalCapture } from './arrival-capture.ts';

type Pattern = 'constant' | 'poisson' | 'gamma';

/** Smoother than Poisson. Below 1, more intervals than the critical value allows are shorter than the sending of one request takes. */
const GAMMA_SHAPE = 2;
const FULL_SEC = 20;
const QUICK_SEC = 4;
/** The budgets hold up to this rate; beyond it the figures are reported. */
const BUDGET_RATE_PER_SEC = 1000;
/** A sample of the law itself is farther from it than this / sqrt(n) once in a hundred times (Kolmogorov). */
const KS_CRITICAL_1_PERCENT = 1.63;

/**
 * Delivered rate, lag and intervals of an open loop: as they were due, as the client stamped them and as they came to the server's host by the
 * kernel's stamps, all of which are held against the law. When the server's event loop read them is reported beside it: it takes 40 µs for
 * a request, and another program on its core may make it wait, so that it reads several together however they came. Where the kernel's
 * stamps cannot be had, they are held against the law instead.
 */
export function arrivalsScenario(pattern: Pattern, ratePerSec: number): Scenario {
  return {
    name: `load-${pattern}-${ratePerSec}`,
    title: `${ratePerSec} requests/s, ${pattern}${pattern === 'gamma' ? ` of shape ${GAMMA_SHAPE}` : ''}`,
    run: async (isQuick) => {
      const count = ratePerSec * (isQuick ? QUICK_SEC : FULL_SEC);
      const load = ['--request-rate', String(ratePerSec), '--arrival-pattern', pattern, '--osl', '1'];
      const shape = pattern === 'gamma' ? ['--arrival-smoothness', String(GAMMA_SHAPE)] : [];
      using capture = new ArrivalCapture();
      const options = [...load, ...shape, '--request-count', String(count)];
      const pairs = await runAiperf({ ttftMs: 0, itlMs: 0 }, options, 'synthetic', (url) => capture.start(url));
      const arrivedNs = await capture.stop();
      if (arrivedNs !== undefined && arrivedNs.length !== pairs.length) {
        throw new Error(`${pairs.length} requests were sent, and ${arrivedNs.length} came to the server's host`);
      }
      return measureArrivals(pairs, arrivedNs, pattern, ratePerSec);
    },
  };
}

function measureArrivals(
  pairs: PairedStamps,
  arrivedNs: readonly number[] | undefined,
  pattern: Pattern,
  ratePerSec: number,
): readonly Measurement[] {
  const due = sorted(pairs.map(({ client }) => client.dueNs));
  const sent = sorted(pairs.map(({ client }) => client.startNs));
  const received = sorted(pairs.map(({ receivedNs }) => receivedNs));
  const read = { 'read by the server': received };
  const checked = arrivedNs === undefined ? read : { "at the server's host": sorted(arrivedNs) };
  const reported = arrivedNs === undefined ? {} : read;
  const lag = new DistributionMs(pairs.map(({ client }) => client.sendLagNs));
  const scheduledPerSec = ratePerSecOf(due);
  const hasBudget = ratePerSec <= BUDGET_RATE_PER_SEC;
  const budget = (atMost: number): Budget | undefined => (hasBudget ? { atMost } : undefined);
  // Random intervals have a mean that is itself off, so the rate is held against the schedule, and the schedule against what was asked.
  const offPercent = (times: Float64Array): number => 100 * Math.abs(ratePerSecOf(times) / scheduledPerSec - 1);
  return [
    { name: 'sent rate', value: ratePerSecOf(sent), unit: '1/s' },
    { name: 'sent rate against schedule', value: offPercent(sent), unit: '%', budget: { atMost: 0.5 } },
    { name: 'rate at the server against schedule', value: offPercent(received), unit: '%', budget: { atMost: 0.5 } },
    scheduleError(pattern, due, ratePerSec),
    { name: 'send lag p50', value: lag.percentile(50), unit: 'ms', budget: budget(0.05) },
    { name: 'send lag p99', value: lag.percentile(99), unit: 'ms', budget: budget(0.5) },
    { name: 'send lag max', value: lag.max, unit: 'ms' },
    { name: 'variation of intervals, due', value: variation(due), unit: 'ratio' },
    { name: 'variation of intervals, sent', value: variation(sent), unit: 'ratio' },
    { name: 'variation of intervals, read by the server', value: variation(received), unit: 'ratio' },
    ...lawDistances(pattern, ratePerSec, { due, sent, ...checked }, budget),
    ...lawDistances(
      pattern,
      ratePerSec,
      { ...reported, 'one write after the other': serialized(pairs) },
      () => undefined,
    ),
  ];
}

/** How far the drawn schedule is from the asked rate: exactly on it when constant, else within a few standard errors. */
function scheduleError(pattern: Pattern, due: Float64Array, ratePerSec: number): Measurement {
  const off = Math.abs(ratePerSecOf(due) / ratePerSec - 1);
  if (pattern === 'constant') {
    return { name: 'schedule against asked rate', value: 100 * off, unit: '%', budget: { atMost: 0.0001 } };
  }
  const errors = off * Math.sqrt((due.length - 1) * (pattern === 'gamma' ? GAMMA_SHAPE : 1));
  return { name: 'schedule off, standard errors', value: errors, unit: 'ratio', budget: { atMost: 4 } };
}

/**
 * Random intervals: Kolmogorov-Smirnov distance from the law with the asked mean, as a share of the 1 % critical value of this many. Constant
 * intervals have no distribution to compare with; the measure is how far an interval is from the period, at p99.
 */
function lawDistances(
  pattern: Pattern,
  ratePerSec: number,
  times: Readonly<Record<string, Float64Array>>,
  budget: (atMost: number) => Budget | undefined,
): readonly Measurement[] {
  const law = intervalLaw(pattern, GAMMA_SHAPE);
  return Object.entries(times).map(([where, values]): Measurement => {
    const intervals = intervalsOf(values);
    if (law === undefined) {
      const errors = new DistributionMs(intervals.map((interval) => Math.abs(interval - 1e9 / ratePerSec)));
      const name = `interval off its period, ${where}, p99`;
      return { name, value: errors.percentile(99), unit: 'ms', budget: budget(0.5) };
    }
    const distance = ksDistance(
      intervals.map((interval) => (interval / 1e9) * ratePerSec),
      law,
    );
    const critical = KS_CRITICAL_1_PERCENT / Math.sqrt(intervals.length);
    const name = `distance from the law, ${where}, of critical`;
    return { name, value: distance / critical, unit: 'ratio', budget: budget(1) };
  });
}

/**
 * When the requests would leave a thread that does nothing but wait for their due times and write, each as long as it took here: the floor
 * for any client of one thread. A write that wakes a server on the same host takes longest.
 */
function serialized(pairs: PairedStamps): Float64Array {
  const requests = pairs.map(({ client }) => client).sort((a, b) => a.dueNs - b.dueNs);
  let freeNs = Number.NEGATIVE_INFINITY;
  return Float64Array.from(requests, ({ dueNs, sendingNs }) => {
    const startNs = Math.max(dueNs, freeNs);
    freeNs = startNs + sendingNs;
    return startNs;
  });
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

function intervalsOf(sortedNs: Float64Array): Float64Array {
  return sortedNs.slice(1).map((time, index) => time - (sortedNs[index] ?? Number.NaN));
}

function ratePerSecOf(sortedNs: Float64Array): number {
  return ((sortedNs.length - 1) * 1e9) / ((sortedNs.at(-1) ?? Number.NaN) - (sortedNs[0] ?? Number.NaN));
}

/** Standard deviation of the intervals over their mean. */
function variation(sortedNs: Float64Array): number {
  const intervals = intervalsOf(sortedNs);
  const mean = intervals.reduce((sum, value) => sum + value, 0) / intervals.length;
  const variance = intervals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / intervals.length;
  return Math.sqrt(variance) / mean;
}
