import type { Budget, Measurement } from '../budget.ts';
import { runAiperf } from '../client-run.ts';
import { DistributionMs } from '../distribution.ts';
import type { PairedStamps } from '../pair-stamps.ts';
import type { Scenario } from '../scenario.ts';

/** A closed loop that keeps the server busy and the two sides of one small machine not. */
export interface ClosedLoop {
  readonly slots: number;
  readonly ttftMs: number;
  readonly requestsPerSlot: number;
  /** Of the answers' length; without it slots come to end together, and wait for each other. */
  readonly jitterRatio?: number;
  readonly turnaroundP50Ms?: number;
}

const QUICK_SHARE = 4;

/** Whether a closed loop keeps its limit, keeps it full, and sends what was asked, from the client's rows and from the server's log. */
export function closedLoopScenario(loop: ClosedLoop): Scenario {
  const { slots, ttftMs, jitterRatio = 0, requestsPerSlot, turnaroundP50Ms } = loop;
  return {
    name: `load-slots-${slots}`,
    title: `${slots} slots, ${ttftMs} ms a request${jitterRatio === 0 ? '' : `, give or take ${100 * jitterRatio} %`}`,
    run: async (isQuick) => {
      const perSlot = isQuick ? Math.max(3, Math.ceil(requestsPerSlot / QUICK_SHARE)) : requestsPerSlot;
      const count = slots * perSlot;
      const load = ['--concurrency', String(slots), '--request-count', String(count), '--osl', '1'];
      const pairs = await runAiperf({ ttftMs, itlMs: 0, jitterRatio }, load);
      return measureClosedLoop(pairs, { slots, count, turnaroundP50Ms });
    },
  };
}

function measureClosedLoop(
  pairs: PairedStamps,
  asked: { readonly slots: number; readonly count: number; readonly turnaroundP50Ms: number | undefined },
): readonly Measurement[] {
  const { slots, count, turnaroundP50Ms } = asked;
  const byClient = pairs.map(({ client }): Span => ({
    startNs: client.startNs,
    endNs: client.startNs + client.durationNs,
  }));
  // From the last byte of the request to the last write of the answer: inside of what the client saw.
  const byServer = pairs.map(({ receivedNs, writeNs }): Span => ({
    startNs: receivedNs,
    endNs: writeNs.at(-1) ?? Number.NaN,
  }));
  const turnarounds = pairs.map(({ client }) => client.turnaroundNs).filter((value) => !Number.isNaN(value));
  const turnaround = new DistributionMs(turnarounds);
  const budget = (atMost: number | undefined): Budget | undefined => (atMost === undefined ? undefined : { atMost });
  return [
    {
      name: 'requests more or fewer than asked',
      value: Math.abs(pairs.length - count),
      unit: 'count',
      budget: budget(0),
    },
    { name: 'in flight at most, client', value: mostAtOnce(byClient), unit: 'count', budget: budget(slots) },
    { name: 'in flight at most, server', value: mostAtOnce(byServer), unit: 'count', budget: budget(slots) },
    { name: 'slots never used', value: slots - mostAtOnce(byClient), unit: 'count', budget: budget(0) },
    { name: 'in flight on average, of the slots', value: (100 * meanAtOnce(byClient)) / slots, unit: '%' },
    {
      name: 'turnarounds known, of all but the first',
      value: turnaround.count / (count - slots),
      unit: 'ratio',
      budget: { atLeast: 1 },
    },
    { name: 'turnaround p50', value: turnaround.percentile(50), unit: 'ms', budget: budget(turnaroundP50Ms) },
    { name: 'turnaround p99', value: turnaround.percentile(99), unit: 'ms' },
    { name: 'turnaround max', value: turnaround.max, unit: 'ms' },
  ];
}

interface Span {
  readonly startNs: number;
  readonly endNs: number;
}

/** An end and a start of the same instant do not overlap. */
function mostAtOnce(spans: readonly Span[]): number {
  const starts = Float64Array.from(spans, ({ startNs }) => startNs).sort();
  const ends = Float64Array.from(spans, ({ endNs }) => endNs).sort();
  let most = 0;
  let ended = 0;
  for (let started = 0; started < starts.length; started += 1) {
    while (ended < ends.length && (ends[ended] ?? 0) <= (starts[started] ?? 0)) ended += 1;
    most = Math.max(most, started + 1 - ended);
  }
  return most;
}

/** Between the first end, when every slot has had its first request, and the last start, after which slots run dry. */
function meanAtOnce(spans: readonly Span[]): number {
  const fromNs = spans.reduce((first, { endNs }) => Math.min(first, endNs), Number.POSITIVE_INFINITY);
  const toNs = spans.reduce((last, { startNs }) => Math.max(last, startNs), 0);
  const busyNs = spans.reduce(
    (sum, { startNs, endNs }) => sum + Math.max(0, Math.min(endNs, toNs) - Math.max(startNs, fromNs)),
    0,
  );
  return busyNs / (toNs - fromNs);
}
