import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandomSource } from '@aiperf/dataset';
import { runAiperf } from '../client-run.ts';
import { DistributionMs } from '../distribution.ts';
import type { Scenario } from '../scenario.ts';

const REQUESTS = 10_500;
const QUICK_REQUESTS = 3000;
const STEADY_RATE_PER_SEC = 350;
/** Every so often this many requests carry the same millisecond, as when a batch job starts. */
const BURST_SIZE = 100;
const BURST_INTERVAL_MS = 2000;
const INPUT_TOKENS_MAX = 256;

/** A recorded trace with bursts, played again on schedule. */
export const traceScenario: Scenario = {
  name: 'load-trace',
  title: `Mooncake trace of ${REQUESTS} requests, ${STEADY_RATE_PER_SEC}/s and bursts of ${BURST_SIZE}`,
  run: async (isQuick) => {
    const count = isQuick ? QUICK_REQUESTS : REQUESTS;
    const directory = await mkdtemp(join(tmpdir(), 'aiperf-trace-'));
    try {
      const path = join(directory, 'trace.jsonl');
      const timesMs = traceTimesMs(count);
      await writeFile(path, traceText(timesMs));
      const load = ['--input-file', path, '--custom-dataset-type', 'mooncake_trace', '--fixed-schedule'];
      const pairs = await runAiperf({ ttftMs: 0, itlMs: 0 }, load, 'trace');
      const lag = new DistributionMs(pairs.map(({ client }) => client.sendLagNs));
      const lateAtServer = new DistributionMs(pairs.map(({ client, receivedNs }) => receivedNs - client.dueNs));
      const dues = pairs.map(({ client }) => client.dueNs).toSorted((a, b) => a - b);
      const firstMs = timesMs[0] ?? 0;
      const wrong = dues.filter((dueNs, k) => dueNs - (dues[0] ?? 0) !== ((timesMs[k] ?? Number.NaN) - firstMs) * 1e6);
      return [
        {
          name: 'requests more or fewer than recorded',
          value: Math.abs(pairs.length - count),
          unit: 'count',
          budget: { atMost: 0 },
        },
        { name: 'due times other than recorded', value: wrong.length, unit: 'count', budget: { atMost: 0 } },
        { name: 'send lag p50', value: lag.percentile(50), unit: 'ms' },
        { name: 'send lag p99', value: lag.percentile(99), unit: 'ms' },
        { name: 'send lag max', value: lag.max, unit: 'ms' },
        { name: 'due to receipt p99', value: lateAtServer.percentile(99), unit: 'ms' },
      ];
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

/** Ascending whole milliseconds: Poisson arrivals and, in the midst of them, bursts of one instant. */
function traceTimesMs(count: number): readonly number[] {
  const random = createRandomSource(11).stream('trace');
  const timesMs: number[] = [];
  let timeMs = 0;
  let burstMs = BURST_INTERVAL_MS;
  while (timesMs.length < count) {
    timeMs += random.nextExponential(STEADY_RATE_PER_SEC / 1000);
    if (timeMs < burstMs) {
      timesMs.push(Math.floor(timeMs));
      continue;
    }
    for (let k = 0; k < BURST_SIZE && timesMs.length < count; k += 1) timesMs.push(burstMs);
    timeMs = burstMs;
    burstMs += BURST_INTERVAL_MS;
  }
  return timesMs;
}

function traceText(timesMs: readonly number[]): string {
  const random = createRandomSource(11).stream('lengths');
  const lines = timesMs.map((timestamp, index) =>
    JSON.stringify({
      timestamp,
      input_length: 16 + random.nextInt(INPUT_TOKENS_MAX - 16),
      output_length: 1,
      hash_ids: [index],
    }),
  );
  return `${lines.join('\n')}\n`;
}
