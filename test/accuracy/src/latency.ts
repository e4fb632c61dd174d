import type { Measurement } from './budget.ts';
import { runAiperf, runBareClient } from './client-run.ts';
import { DistributionMs } from './distribution.ts';
import type { PairedStamps } from './pair-stamps.ts';
import type { Scenario } from './scenario.ts';

const TTFT_MS = 100;
/** 50 tokens a second for each stream. */
const ITL_MS = 20;
const OUTPUT_TOKENS = 100;
const REQUEST_MS = TTFT_MS + (OUTPUT_TOKENS - 1) * ITL_MS;
/** Some 12 s in all. */
const REQUESTS_PER_STREAM = 6;

/** What may be added at one number of streams. */
export interface LatencyBudget {
  readonly addedTtftP99Ms: number;
  readonly itlErrorPercent: number;
}

/**
 * How the streams begin.
 * - `spread`: one after the other over the length of a request, as after some time under load, when no two have anything to do with each
 *   other. What is measured is a client that is busy with all other streams.
 * - `together`: all in one moment, and as all answers are of one length they go on ending and beginning together. The last of them is
 *   read by the server after all others: most of what is measured is the server's event loop and the kernel.
 */
type Beginning = 'spread' | 'together';

/**
 * How much client, kernel and a busy machine add to the times that the server itself made.
 *
 * Added TTFT of a request = client's TTFT - (server's stamp of the first token's write - server's stamp of the request's receipt). The
 * client's zero point is the hand-over of the request's bytes to an open connection, so connecting is in neither. The difference is the
 * sum of two ways:
 * - request way, client's start to server's receipt: the client's write call, loopback, the server's wake-up, what the server's event loop
 *   had to do first (when all streams begin together, the last request of the burst is read after all others), its read and the parsing
 *   of the request's head, because the server stamps after them;
 * - answer way, server's write stamp to client's read stamp: the server's write call (its stamp comes before it), loopback, the client's
 *   wake-up, and the reads of other streams that come first in the same burst. Only the last two are in the client's hands.
 *
 * So the figure is an upper bound of the client's own error; the bare loop's figure says how much of it any client has. Server and
 * client share the machine's cores. The mock server's timers wake once a millisecond; that is no error here, because what counts is when
 * it did write, not when it meant to.
 */
export function latencyScenario(streams: number, beginning: Beginning, budget?: LatencyBudget): Scenario {
  return {
    name: `${beginning === 'spread' ? 'latency' : 'burst'}-${streams}`,
    title: `${streams} streams x ${1000 / ITL_MS} tokens/s, ${REQUESTS_PER_STREAM} requests each, begun ${
      beginning === 'spread' ? `over ${REQUEST_MS} ms` : 'together'
    }`,
    run: async () => {
      const server = { ttftMs: TTFT_MS, itlMs: ITL_MS };
      const spreadMs = beginning === 'spread' ? REQUEST_MS : 0;
      const load = ['--concurrency', String(streams), '--request-count', String(streams * REQUESTS_PER_STREAM)];
      if (spreadMs > 0) load.push('--concurrency-ramp-duration', `${spreadMs}ms`);
      const pairs = await runAiperf(server, [...load, '--osl', String(OUTPUT_TOKENS)]);
      const bareLoad = { streams, requestsPerStream: REQUESTS_PER_STREAM, outputTokens: OUTPUT_TOKENS, spreadMs };
      const bare = addedTimes(await runBareClient(server, bareLoad), undefined, undefined);
      return addedTimes(pairs, budget, bare);
    },
  };
}

/** The figures of one run, of whichever client. */
function addedTimes(
  pairs: PairedStamps,
  budget: LatencyBudget | undefined,
  bare: readonly Measurement[] | undefined,
): readonly Measurement[] {
  const addedTtft: number[] = [];
  const requestWay: number[] = [];
  const answerWay: number[] = [];
  const tokenWay: number[] = [];
  let clientItlNs = 0;
  let serverItlNs = 0;
  let tokenCountErrors = 0;
  let sameChunks = 0;
  const requestItlErrors: number[] = [];
  for (const { client, receivedNs, writeNs, serverTokens } of pairs) {
    const firstWriteNs = writeNs[0] ?? Number.NaN;
    const firstReadNs = client.startNs + client.ttftNs;
    addedTtft.push(client.ttftNs - (firstWriteNs - receivedNs));
    requestWay.push(receivedNs - client.startNs);
    answerWay.push(firstReadNs - firstWriteNs);
    const itlNs = ((writeNs.at(-1) ?? Number.NaN) - firstWriteNs) / (serverTokens - 1);
    clientItlNs += client.interTokenLatencyNs;
    serverItlNs += itlNs;
    requestItlErrors.push(Math.abs(client.interTokenLatencyNs - itlNs) / itlNs);
    if (client.outputTokens !== serverTokens) tokenCountErrors += 1;
    // A late server writes several tokens at once, a busy client reads several writes at once: then no stamp belongs to one token.
    if (writeNs.length !== client.gapsNs.length + 1) continue;
    sameChunks += 1;
    let readNs = firstReadNs;
    tokenWay.push(readNs - firstWriteNs);
    client.gapsNs.forEach((gapNs, index) => {
      readNs += gapNs;
      tokenWay.push(readNs - (writeNs[index + 1] ?? Number.NaN));
    });
  }
  const added = new DistributionMs(addedTtft);
  const asked = new DistributionMs(requestWay);
  const answered = new DistributionMs(answerWay);
  const tokens = new DistributionMs(tokenWay);
  const itlErrors = new DistributionMs(requestItlErrors.map((ratio) => ratio * 1e6));
  const bareValues = new Map(bare?.map(({ name, value }) => [name, value]));
  const measured = (name: string, unit: Measurement['unit'], value: number, atMost?: number): Measurement => ({
    name,
    value,
    unit,
    budget: atMost === undefined ? undefined : { atMost },
    bareValue: bareValues.get(name),
  });
  return [
    measured('added TTFT p50', 'ms', added.percentile(50)),
    measured('added TTFT p99', 'ms', added.percentile(99), budget?.addedTtftP99Ms),
    measured('added TTFT max', 'ms', added.max),
    measured('  request way p99', 'ms', asked.percentile(99)),
    measured('  answer way p99', 'ms', answered.percentile(99)),
    measured('mean ITL error', '%', 100 * Math.abs(clientItlNs / serverItlNs - 1), budget?.itlErrorPercent),
    measured('ITL error of a request p99', '%', 100 * itlErrors.percentile(99)),
    measured('requests with a stamp a token', '%', (100 * sameChunks) / pairs.length),
    measured('token write to read p50', 'ms', tokens.percentile(50)),
    measured('token write to read p99', 'ms', tokens.percentile(99)),
    measured('token write to read max', 'ms', tokens.max),
    measured('wrong token counts', 'count', tokenCountErrors, budget === undefined ? undefined : 0),
  ];
}
