import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the server got it. */
export interface ReceivedRequest {
  /** Of all requests, in the order of arrival. */
  readonly index: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Takes whatever bytes the answer is to have. */
  readonly socket: Socket;
}

/** A server that keeps every request and gives it to a function, which writes raw bytes or leaves it open. */
export interface ChatServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** Resolves when so many requests have arrived. */
  received(count: number): Promise<void>;
}

/** Listens on a free loopback port. */
export async function startChatServer(answer: (request: ReceivedRequest) => void): Promise<ChatServer> {
  const requests: ReceivedRequest[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = createServer((incoming) => {
    const { socket, headers, url: path = '' } = incoming;
    // A client that is killed resets its connections.
    if (socket.listenerCount('error') < 2) socket.on('error', () => socket.destroy());
    let body = '';
    incoming.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    incoming.on('end', () => {
      const request = { index: requests.length, path, headers, body, socket };
      requests.push(request);
      answer(request);
      for (const wait of waiting) if (wait.count === requests.length) wait.resolve();
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async received(count) {
      if (requests.length >= count) return;
      await new Promise<void>((resolve) => waiting.push({ count, resolve }));
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An HTTP response whose end is its length. */
export function wholeResponse(status: string, type: string, body: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Status line and headers of an event stream that ends with the connection. */
export const STREAM_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n';

/** One event of a chat stream. */
export function chatEvent(delta: object, finishReason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model: 'mock', choices })}\n\n`;
}

/** A good stream of these pieces of text, with its framing, on a connection that is kept. */
export function chatStream(...texts: readonly string[]): string {
  const events = [chatEvent({ role: 'assistant' }), ...texts.map((content) => chatEvent({ content }))];
  const body = `${events.join('')}${chatEvent({}, 'stop')}data: [DONE]\n\n`;
  return wholeResponse('200 OK', 'text/event-stream', body);
}

/** The same as one JSON document. */
export function chatAnswer(content: string): string {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  const body = JSON.stringify({ id: 'x', object: 'chat.completion', model: 'mock', choices });
  return wholeResponse('200 OK', 'application/json', body);
}
