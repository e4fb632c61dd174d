import type { Measurement } from './budget.ts';
import { runAiperf } from './client-run.ts';
import { DistributionMs } from './distribution.ts';
import type { PairedStamps } from './pair-stamps.ts';
import type { Scenario } from './scenario.ts';

const RATE_PER_SEC = 1000;
const REQUEST_COUNT = 15_000;

/**
 * An open loop of Poisson arrivals: how late the client sends, and whether what arrives at the server is the load that was asked for.
 *
 * The rate is held against the schedule that the client drew, at the server's receipts: 15,000 exponential intervals themselves have
 * a mean that is off by 0.8 % (one standard error), so the schedule is held against the asked rate in standard errors.
 */
export const lagScenario: Scenario = {
  name: 'lag',
  title: `${RATE_PER_SEC} requests/s Poisson, 1 output token`,
  run: async () => {
    const load = ['--request-rate', String(RATE_PER_SEC), '--arrival-pattern', 'poisson'];
    const count = ['--request-count', String(REQUEST_COUNT), '--osl', '1'];
    return sendLag(await runAiperf({ ttftMs: 0, itlMs: 0 }, [...load, ...count]));
  },
};

function sendLag(pairs: PairedStamps): readonly Measurement[] {
  const lag = new DistributionMs(pairs.map(({ client }) => client.sendLagNs));
  const requestWay = new DistributionMs(pairs.map(({ client, receivedNs }) => receivedNs - client.startNs));
  const lateAtServer = new DistributionMs(pairs.map(({ client, receivedNs }) => receivedNs - client.dueNs));
  const dueTimes = Float64Array.from(pairs, ({ client }) => client.dueNs).sort();
  const receipts = Float64Array.from(pairs, ({ receivedNs }) => receivedNs);
  const intervals = pairs.length - 1;
  const scheduledPerSec = intervals / spanSec(dueTimes);
  const deliveredPerSec = intervals / spanSec(receipts);
  const standardErrors = (scheduledPerSec / RATE_PER_SEC - 1) * Math.sqrt(intervals);
  return [
    { name: 'send lag p50', value: lag.percentile(50), unit: 'ms', budget: { atMost: 0.05 } },
    { name: 'send lag p99', value: lag.percentile(99), unit: 'ms', budget: { atMost: 0.5 } },
    { name: 'send lag max', value: lag.max, unit: 'ms' },
    { name: 'delivered rate', value: deliveredPerSec, unit: '1/s' },
    {
      name: 'delivered against schedule',
      value: 100 * Math.abs(deliveredPerSec / scheduledPerSec - 1),
      unit: '%',
      budget: { atMost: 0.5 },
    },
    { name: 'schedule off, standard errors', value: Math.abs(standardErrors), unit: 'ratio', budget: { atMost: 4 } },
    { name: 'variation of arrivals', value: variation(receipts), unit: 'ratio' },
    { name: 'start to receipt p50', value: requestWay.percentile(50), unit: 'ms' },
    { name: 'start to receipt p99', value: requestWay.percentile(99), unit: 'ms' },
    { name: 'due to receipt p50', value: lateAtServer.percentile(50), unit: 'ms' },
    { name: 'due to receipt p99', value: lateAtServer.percentile(99), unit: 'ms' },
  ];
}

function spanSec(sortedNs: Float64Array): number {
  return ((sortedNs.at(-1) ?? Number.NaN) - (sortedNs[0] ?? Number.NaN)) / 1e9;
}

/** Standard deviation of the intervals over their mean: 1 for Poisson arrivals. */
function variation(sortedNs: Float64Array): number {
  const intervals = sortedNs.slice(1).map((time, index) => time - (sortedNs[index] ?? Number.NaN));
  const mean = intervals.reduce((sum, value) => sum + value, 0) / intervals.length;
  const variance = intervals.reduce((sum, value) => sum + (value - mean) ** 2, 0) / intervals.length;
  return Math.sqrt(variance) / mean;
}
