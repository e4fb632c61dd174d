import type { Budget, Measurement } from './budget.ts';
import { runAiperf } from './client-run.ts';
import { DistributionMs } from './distribution.ts';
import type { PairedStamps } from './pair-stamps.ts';
import type { Scenario } from './scenario.ts';

const SLOTS = 16;
const SHORT_TTFT_MS = 5;
const JITTER_RATIO = 0.2;
/** Some 10 s. */
const SHORT_REQUESTS = 25_000;

/**
 * A closed loop of short requests: how long a slot is idle between two requests. The client says it itself; the overhead of a cycle is
 * seen from outside: slots / rate of receipts - time that the server took, so it also holds both ways over loopback and the server's reading.
 */
export const turnaroundScenario: Scenario = turnaround({
  name: 'turnaround',
  title: `${SLOTS} slots, ${SHORT_TTFT_MS} ms a request, give or take ${100 * JITTER_RATIO} %`,
  jitterRatio: JITTER_RATIO,
  budget: { atMost: 0.1 },
});

/**
 * The same with answers of one length: as the server's timers wake once a millisecond, slots come to end together, six to sixteen at a time,
 * and the slot that ended first waits until all are read and those before it are sent.
 */
export const turnaroundTogetherScenario: Scenario = turnaround({
  name: 'turnaround-together',
  title: `${SLOTS} slots, exactly ${SHORT_TTFT_MS} ms a request`,
  jitterRatio: 0,
});

interface Turnaround extends Pick<Scenario, 'name' | 'title'> {
  readonly jitterRatio: number;
  readonly budget?: Budget;
}

function turnaround({ name, title, jitterRatio, budget }: Turnaround): Scenario {
  return { name, title, run: () => measureTurnaround(jitterRatio, budget) };
}

async function measureTurnaround(jitterRatio: number, budget: Budget | undefined): Promise<readonly Measurement[]> {
  const load = ['--concurrency', String(SLOTS), '--request-count', String(SHORT_REQUESTS), '--osl', '1'];
  const pairs = await runAiperf({ ttftMs: SHORT_TTFT_MS, itlMs: 0, jitterRatio }, load);
  // A slot's first request has no predecessor.
  const turnarounds = pairs.map(({ client }) => client.turnaroundNs).filter((value) => !Number.isNaN(value));
  const distribution = new DistributionMs(turnarounds);
  const ratePerSec = deliveredRatePerSec(pairs, SLOTS);
  const serverMs = new DistributionMs(
    pairs.map(({ receivedNs, writeNs }) => (writeNs.at(-1) ?? Number.NaN) - receivedNs),
  ).mean;
  return [
    { name: 'turnaround p50', value: distribution.percentile(50), unit: 'ms', budget },
    { name: 'turnaround p99', value: distribution.percentile(99), unit: 'ms' },
    { name: 'turnaround max', value: distribution.max, unit: 'ms' },
    {
      name: 'slots without a turnaround',
      value: pairs.length - distribution.count - SLOTS,
      unit: 'count',
      budget: { atMost: 0 },
    },
    { name: 'delivered rate', value: ratePerSec, unit: '1/s' },
    { name: 'overhead of a cycle', value: (SLOTS / ratePerSec) * 1000 - serverMs, unit: 'ms' },
  ];
}

const STREAMS = 500;
const TTFT_MS = 100;
const ITL_MS = 20;
const OUTPUT_TOKENS = 100;
const REQUESTS_PER_STREAM = 6;

/** A closed loop of long streams: the share of the rate that a client without any overhead would reach at the server's schedule. */
export const deliveryScenario: Scenario = {
  name: 'delivery',
  title: `${STREAMS} streams, ${TTFT_MS} ms + ${OUTPUT_TOKENS - 1} x ${ITL_MS} ms a request`,
  run: async () => {
    const load = ['--concurrency', String(STREAMS), '--request-count', String(STREAMS * REQUESTS_PER_STREAM)];
    const pairs = await runAiperf({ ttftMs: TTFT_MS, itlMs: ITL_MS }, [...load, '--osl', String(OUTPUT_TOKENS)]);
    const turnarounds = pairs.map(({ client }) => client.turnaroundNs).filter((value) => !Number.isNaN(value));
    const turnaround = new DistributionMs(turnarounds);
    const idealRatePerSec = (STREAMS * 1000) / (TTFT_MS + (OUTPUT_TOKENS - 1) * ITL_MS);
    const ratePerSec = deliveredRatePerSec(pairs, STREAMS);
    return [
      { name: 'delivered rate', value: ratePerSec, unit: '1/s' },
      { name: 'of the ideal', value: (100 * ratePerSec) / idealRatePerSec, unit: '%', budget: { atLeast: 98 } },
      { name: 'turnaround p50', value: turnaround.percentile(50), unit: 'ms' },
      { name: 'turnaround p99', value: turnaround.percentile(99), unit: 'ms' },
    ];
  },
};

/**
 * Requests a second in the steady state of a closed loop, by the server's receipts: all slots start at once, so receipts come in waves, and
 * counting in a fixed window would depend on where it cuts them. The mean receipt of the first and of the last `slots` requests are
 * whole cycles apart.
 */
function deliveredRatePerSec(pairs: PairedStamps, slots: number): number {
  const meanNs = (part: PairedStamps): number =>
    part.reduce((sum, { receivedNs }) => sum + receivedNs, 0) / part.length;
  const spanNs = meanNs(pairs.slice(-slots)) - meanNs(pairs.slice(0, slots));
  return ((pairs.length - slots) * 1e9) / spanNs;
}
