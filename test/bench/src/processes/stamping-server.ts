import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server in this process that only says when it was first asked, on the clock that a spawn is stamped with. */
export interface StampingServer extends AsyncDisposable {
  readonly url: string;
  /** `process.hrtime.bigint()` when the first chat request's head had arrived; `undefined` before. */
  readonly firstRequestNs: bigint | undefined;
}

const EVENT = '{"id":"1","object":"chat.completion.chunk","created":0,"model":"mock","choices":[{"index":0,"delta":';
const ANSWER =
  `data: ${EVENT}{"role":"assistant","content":""},"finish_reason":null}]}\n\n` +
  `data: ${EVENT}{"content":" the"},"finish_reason":"length"}]}\n\ndata: [DONE]\n\n`;

export async function startStampingServer(): Promise<StampingServer> {
  let firstRequestNs: bigint | undefined;
  const server = createServer((request, response) => {
    if (request.method === 'POST') firstRequestNs ??= process.hrtime.bigint();
    request.resume();
    request.once('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get firstRequestNs() {
      return firstRequestNs;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
