import { once } from 'node:events';
import { createServer, request as sendRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as it arrived and the answer as it was passed on. */
export interface RecordedRequest {
  readonly requestId: string;
  /** Lower-case names in the order sent, with their values. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly status: number;
  readonly answer: string;
}

/** A recorder in front of a server. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
}

/** Starts a recorder that passes every byte on unchanged and keeps a copy. */
export async function startRecordingProxy(targetUrl: string): Promise<RecordingProxy> {
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    pass(new URL(incoming.url ?? '/', targetUrl), incoming, outgoing).then(
      (recorded) => {
        if (incoming.method === 'POST') requests.push(recorded);
      },
      (error: unknown) => outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, requests, [Symbol.asyncDispose]: close };
}

async function pass(target: URL, incoming: IncomingMessage, outgoing: ServerResponse): Promise<RecordedRequest> {
  const body = await textOf(incoming);
  const upstream = sendRequest(target, {
    method: incoming.method,
    headers: { ...incoming.headers, host: target.host },
  });
  // An answer that goes on after its end, as one to HEAD with a body does, is an error after the response; all of it was passed on.
  upstream.on('error', () => upstream.destroy());
  upstream.end(body);
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  const status = answer.statusCode ?? 0;
  outgoing.writeHead(status, { 'content-type': answer.headers['content-type'] ?? 'text/plain' });
  const text = await textOf(answer, (chunk) => outgoing.write(chunk));
  outgoing.end();
  return {
    requestId: String(incoming.headers['x-request-id'] ?? ''),
    headers: pairs(incoming.rawHeaders),
    body,
    status,
    answer: text,
  };
}

async function textOf(stream: IncomingMessage, onChunk?: (chunk: Buffer) => void): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    onChunk?.(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length >> 1 }, (_, index) => [
    (raw[2 * index] ?? '').toLowerCase(),
    raw[2 * index + 1] ?? '',
  ]);
}
