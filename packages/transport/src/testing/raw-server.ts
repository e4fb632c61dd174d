import { once } from 'node:events';
import * as net from 'node:net';
import * as tls from 'node:tls';

import { TEST_ONLY_CERTIFICATE, TEST_ONLY_KEY } from './test-certificate.ts';

/** A request as its bytes came. */
export interface RawRequest {
  readonly socket: net.Socket;
  readonly head: string;
  readonly body: Buffer;
  /** Of all connections the server has seen. */
  readonly connectionIndex: number;
  /** Of the requests on this connection. */
  readonly requestIndex: number;
}

/** A server that gives every request's bytes to a function, which answers with whatever bytes it likes. */
export interface RawServer extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly RawRequest[];
  /** Connections accepted so far. */
  readonly connectionCount: number;
  readonly openCount: number;
  /** Ends every open connection properly. */
  closeConnections(): void;
  /** Writes to every open connection without having been asked. */
  writeToAll(bytes: string): void;
  /** Resolves when the predicate holds; it is asked again at each connection, request and close. */
  until(predicate: () => boolean): Promise<void>;
}

/** Listens on a free loopback port. */
export async function startRawServer(
  respond: (request: RawRequest) => unknown,
  options: { readonly tls?: boolean; readonly host?: string } = {},
): Promise<RawServer> {
  const requests: RawRequest[] = [];
  const open = new Set<net.Socket>();
  const waiting: { predicate: () => boolean; resolve: () => void }[] = [];
  let connectionCount = 0;
  const notify = (): void => {
    for (const wait of waiting.splice(0)) {
      if (wait.predicate()) wait.resolve();
      else waiting.push(wait);
    }
  };
  const accept = (socket: net.Socket): void => {
    const connectionIndex = connectionCount++;
    let requestIndex = 0;
    let pending = Buffer.alloc(0);
    open.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      notify();
    });
    socket.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      for (;;) {
        const headEnd = pending.indexOf('\r\n\r\n');
        if (headEnd === -1) return;
        const head = pending.toString('latin1', 0, headEnd);
        const bodyLength = Number(/^content-length: (\d+)$/imu.exec(head)?.[1] ?? 0);
        const end = headEnd + 4 + bodyLength;
        if (pending.length < end) return;
        const request = { socket, head, body: pending.subarray(headEnd + 4, end), connectionIndex, requestIndex };
        requestIndex++;
        pending = pending.subarray(end);
        requests.push(request);
        respond(request);
        notify();
      }
    });
    notify();
  };
  const server =
    options.tls === true
      ? tls.createServer({ key: TEST_ONLY_KEY, cert: TEST_ONLY_CERTIFICATE }, accept)
      : net.createServer(accept);
  server.on('tlsClientError', () => undefined);
  server.listen({ port: 0, host: options.host ?? '127.0.0.1', backlog: 2048 });
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    requests,
    get connectionCount() {
      return connectionCount;
    },
    get openCount() {
      return open.size;
    },
    closeConnections() {
      for (const socket of open) socket.end();
    },
    writeToAll(bytes) {
      for (const socket of open) socket.end(bytes);
    },
    async until(predicate) {
      if (predicate()) return;
      await new Promise<void>((resolve) => waiting.push({ predicate, resolve }));
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
