import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { scriptStream, scriptWhole, type ScriptedAnswer } from './answer-script.ts';

/** Header that says which answer a request gets. */
export const SEED_HEADER = 'x-answer-seed';

/** A server whose answers follow from the seed that comes with each request. */
export async function startScriptedServer(): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer({ noDelay: true }, (request, response) => {
    // A client that went away is what cancellation means.
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const seed = Number(request.headers[SEED_HEADER]);
  const isStream = (JSON.parse(body) as { readonly stream?: boolean }).stream === true;
  const script: ScriptedAnswer = isStream ? scriptStream(seed) : scriptWhole(seed);
  response.writeHead(script.status, script.reason, { 'content-type': script.contentType });
  if (isStream) response.flushHeaders();
  const { writes } = script;
  for (const [index, { afterMs, text: piece }] of writes.entries()) {
    await delay(afterMs);
    if (response.destroyed) return;
    // The end goes out with the last piece, so that the two are one read.
    if (index === writes.length - 1 && script.end === 'complete') response.end(piece);
    else response.write(piece);
  }
  if (script.end === 'complete') {
    if (writes.length === 0) response.end();
    return;
  }
  await delay(1);
  response.destroy();
}
