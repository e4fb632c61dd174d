import { type Dispatcher, Pool } from 'undici';
import { loopBody, printResult, readLoopOptions } from './loop-options.ts';

/** The lowest level of undici, without records or stamps: what a client on the usual HTTP library can reach at best. */
const { host, port, streams, requestCount, outputTokens } = readLoopOptions();
const pool = new Pool(`http://${host}:${port}`, { connections: streams, pipelining: 1 });
const options: Dispatcher.DispatchOptions = {
  path: '/v1/chat/completions',
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
  body: Buffer.from(loopBody(outputTokens)),
};

let sentCount = 0;
let endedCount = 0;
let startNs = 0n;

const handler: Dispatcher.DispatchHandler = {
  onRequestStart: () => undefined,
  onResponseStart: () => undefined,
  onResponseData: () => undefined,
  onResponseEnd: () => {
    endedCount += 1;
    if (endedCount === requestCount) {
      printResult({ requestCount, durationSec: Number(process.hrtime.bigint() - startNs) / 1e9 });
      void pool.close();
    } else send();
  },
  onResponseError: (_controller, error) => {
    throw error;
  },
};

function send(): void {
  if (sentCount >= requestCount) return;
  sentCount += 1;
  pool.dispatch(options, handler);
}

/** As many requests at once as there are streams, so that every connection is open before the measurement. */
await Promise.all(
  Array.from({ length: streams }, async () => {
    const answer = await pool.request(options);
    await answer.body.dump();
  }),
);
startNs = process.hrtime.bigint();
for (let stream = 0; stream < streams; stream += 1) send();
